/**
 * A member cluster that is a map, behind a real server: what the hub hears of it comes over HTTP/2, and a test may answer instead.
 */
import type { ConnectionOptions, KubeClient, KubeRequest } from '../../kube/wire/client.js';
import { createKubeClient } from '../../kube/wire/http2Client.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import { type Exchange, startFaultyServer } from '../contract/kube/faultyServer.js';
import type { FakeCluster } from './fakeCluster.js';

/** Answers, or calls `honestly` to have it answered from the map. */
export type Answer = (exchange: Exchange, honestly: () => void) => void;

interface ServedCluster {
  /** A client of its own for each call. */
  connect(): KubeClient;
  answer: Answer;
  /** Cuts all connections. */
  cut(): void;
  requests(): number;
  /** A kubeconfig that leads to it. */
  kubeconfig(): string;
  close(): Promise<void>;
}

const HONEST: Answer = (_exchange, honestly) => honestly();

export async function serveCluster(cluster: () => FakeCluster): Promise<ServedCluster> {
  const served = {
    answer: HONEST,
  };
  const server = await startFaultyServer((exchange) => served.answer(exchange, () => void serve(cluster(), exchange)));
  const clients: KubeClient[] = [];
  return Object.assign(served, {
    connect() {
      const client = createKubeClient(server.options, { clock: systemClock });
      clients.push(client);
      return client;
    },
    cut: server.cut,
    requests: server.requests,
    kubeconfig: () => kubeconfigOf(server.options),
    async close() {
      for (const client of clients) client.close();
      await server.close();
    },
  });
}

function kubeconfigOf({ server, ca = '' }: Pick<ConnectionOptions, 'server' | 'ca'>): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'it',
    clusters: [{ name: 'it', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name: 'it', user: { token: 't' } }],
    contexts: [{ name: 'it', context: { cluster: 'it', user: 'it' } }],
  });
}

async function serve(cluster: FakeCluster, exchange: Exchange): Promise<void> {
  const { pathname: path, searchParams } = new URL(exchange.path, 'https://fake');
  const query = Object.fromEntries(searchParams);
  if (query['watch'] === 'true') {
    const stream = exchange.open();
    const stop = new AbortController();
    stream.on('close', () => stop.abort());
    await cluster.client.stream({ path, query, idleMs: 600_000, signal: stop.signal }, (line) => stream.write(`${line}\n`));
    stream.end();
    return;
  }
  const method = exchange.method as KubeRequest['method'];
  const answer = await cluster.client.call<unknown>({
    method,
    path,
    query,
    ...(exchange.headers['content-type'] !== undefined && { contentType: exchange.headers['content-type'] }),
    body: exchange.body === '' ? undefined : JSON.parse(exchange.body),
  });
  if (answer.ok) exchange.answer(200, answer.value ?? {});
  else exchange.answer(answer.error.code ?? 404, { message: answer.error.message });
}
