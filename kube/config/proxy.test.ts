import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { type FaultyServer, startFaultyServer } from '../../test/contract/kube/faultyServer.js';
import type { KubeClient } from '../wire/client.js';
import { createKubeClient } from '../wire/http2Client.js';
import { systemClock } from '../wire/systemClock.js';
import { OF_THIS_MACHINE } from './fields.js';
import { loadKubeconfig } from './kubeconfig.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

interface Proxy {
  readonly url: string;
  /** What it was asked for, with the credentials that came. */
  readonly asked: readonly (readonly [target: string, credentials: string | undefined])[];
}

/** One that lets everybody through, or answers `status`. */
async function startProxy(status?: number): Promise<Proxy> {
  const asked: [string, string | undefined][] = [];
  const server: Server = createServer();
  server.on('connect', ({ url = '', headers }, client) => {
    asked.push([url, headers['proxy-authorization']]);
    client.on('error', () => undefined);
    if (status !== undefined) {
      client.end(`HTTP/1.1 ${status} No\r\n\r\n`);
      return;
    }
    const [host, port] = url.split(':');
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    upstream.on('error', () => client.destroy());
    client.once('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return { url: `http://user:p%40ss@127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function reached(proxyUrl: string, http1 = false): Promise<{ readonly client: KubeClient; readonly server: FaultyServer }> {
  const server = await startFaultyServer((exchange) => exchange.answer(200, { items: [] }), { http1 });
  const { ca = '' } = server.options;
  const kubeconfig = {
    clusters: [
      {
        name: 'c',
        cluster: {
          server: server.options.server,
          'certificate-authority-data': Buffer.from(ca).toString('base64'),
          'proxy-url': proxyUrl,
        },
      },
    ],
    users: [{ name: 'u', user: { token: 't' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  const loaded = loadKubeconfig(JSON.stringify(kubeconfig), { now: () => 0, rights: OF_THIS_MACHINE });
  if (!loaded.ok) throw new Error(loaded.error);
  const client = createKubeClient({ ...loaded.value, userAgent: 'test' }, { clock: systemClock });
  closing.push(
    () => server.close(),
    () => client.close(),
  );
  return { client, server };
}

const GET = { method: 'GET', path: '/api/v1/nodes' } as const;

test('report 23: an API server is reached through the proxy of the kubeconfig, by one connection for all', async () => {
  const proxy = await startProxy();
  const { client, server } = await reached(proxy.url);
  const answers = await Promise.all([1, 2, 3].map(() => client.call(GET)));
  expect(answers.map(({ ok }) => ok)).toEqual([true, true, true]);
  const target = new URL(server.options.server).host;
  expect(proxy.asked).toEqual([[target, `Basic ${Buffer.from('user:p@ss').toString('base64')}`]]);
});

test.each<[string, number | undefined, boolean, RegExp]>([
  ['a proxy that refuses', 407, false, /^the proxy 127\.0\.0\.1:\d+ gives no way to 127\.0\.0\.1:\d+: it answers 407$/],
  ['an API server without HTTP/2', undefined, true, /speaks no HTTP\/2, which proxy-url needs$/],
])('%s is told, without its password', async (_what, ...[status, http1, message]) => {
  const proxy = await startProxy(status);
  const { client } = await reached(proxy.url, http1);
  const answer = await client.call(GET);
  expect(answer).toMatchObject({ ok: false, error: { kind: 'unreachable', message: expect.stringMatching(message) } });
});

test('a proxy that is not there', async () => {
  const { client } = await reached('http://127.0.0.1:1');
  const answer = await client.call(GET);
  expect(answer).toMatchObject({
    ok: false,
    error: { message: expect.stringMatching(/^the proxy 127\.0\.0\.1:1 gives no way to .*ECONNREFUSED/) },
  });
});
