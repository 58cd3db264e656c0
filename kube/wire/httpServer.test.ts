import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { until } from '../../test/lab/process.js';
import { type HttpAnswer, parseListen, serveHttp, startFailure } from './httpServer.js';

let stop = new AbortController();
afterEach(() => {
  stop.abort();
  stop = new AbortController();
});

test('serves its routes, and nothing else, until it is stopped', async () => {
  const port = await serveHttp(
    { address: '127.0.0.1', port: 0 },
    {
      '/healthz': () => ({ status: 200, body: 'ok\n' }),
      '/json': () => Promise.resolve({ status: 503, contentType: 'application/json', body: '{}' }),
      '/broken': () => {
        throw new Error('the inside of it');
      },
    },
    stop.signal,
  );
  const get = async (path: string, method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    return [response.status, response.headers.get('content-type'), await response.text()];
  };
  const text = 'text/plain; charset=utf-8';
  expect(await get('/healthz?verbose')).toEqual([200, text, 'ok\n']);
  expect(await get('/healthz', 'HEAD')).toEqual([200, text, '']);
  expect(await get('/json')).toEqual([503, 'application/json', '{}']);
  expect(await get('/broken')).toEqual([500, text, 'internal error\n']);
  expect(await get('/healthz', 'POST')).toEqual([404, text, 'not found\n']);
  expect(await get('/toString')).toEqual([404, text, 'not found\n']);
  const taken = serveHttp({ address: '127.0.0.1', port }, {}, stop.signal);
  await expect(taken).rejects.toThrow('EADDRINUSE');
  expect(startFailure(await taken.catch((error: unknown) => error))).toEqual({
    reason: expect.stringContaining('another address with --listen'),
  });
  stop.abort();
  await expect(get('/healthz')).rejects.toThrow('fetch failed');
});

test('a DELETE of one name, as no page in a browser may send it', async () => {
  const deleted: string[] = [];
  const routes = {
    '/things': () => ({ status: 200, body: 'all' }),
    'DELETE /things/': (name: string) => {
      deleted.push(name);
      return { status: 200, body: name };
    },
  };
  const port = await serveHttp({ address: '127.0.0.1', port: 0 }, routes, stop.signal);
  const ask = async (method: string, path: string, headers: Record<string, string> = {}): Promise<number> =>
    (await fetch(`http://127.0.0.1:${port}${path}`, { method, headers })).status;
  expect(await ask('DELETE', '/things/one')).toBe(200);
  const asked: readonly (readonly [string, string])[] = [
    ['GET', '/things/one'],
    ['POST', '/things/one'],
    ['DELETE', '/things'],
    ['DELETE', '/things/one/two'],
    ['GET', '/DELETE /things/'],
    ['OPTIONS', '/things/one'],
  ];
  expect(await Promise.all(asked.map(([method, path]) => ask(method, path)))).toEqual(asked.map(() => 404));
  const preflight = await fetch(`http://127.0.0.1:${port}/things/one`, { method: 'OPTIONS' });
  expect([...preflight.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  expect(deleted).toEqual(['one']);
});

describe('M10: what strangers can take', () => {
  /** Sends `text` and gives what came until the server hangs up. */
  function say(port: number, text: string): Promise<string> {
    return new Promise((resolve) => {
      let said = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(text));
      socket.on('data', (data) => (said += String(data)));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(said));
    });
  }

  test.each<[string, string, readonly string[], number]>([
    ['127.0.0.1', 'localhost:1234', [], 200],
    ['127.0.0.1', '127.0.0.1', [], 200],
    ['127.0.0.1', '[::1]:80', [], 200],
    ['127.0.0.1', 'LocalHost', [], 200],
    ['127.0.0.1', 'kilofed-hub', ['kilofed-hub'], 200],
    ['127.0.0.1', 'kilofed-hub', [], 403],
    ['127.0.0.1', 'rebound.example', [], 403],
    ['127.0.0.1', 'localhost.rebound.example', [], 403],
    ['127.0.0.1', 'kilofed-hub.rebound.example:8080', ['kilofed-hub'], 403],
    ['127.0.0.1', '', [], 403],
    ['0.0.0.0', 'anything.example', [], 200],
  ])('on %s, asked as %s', async (address, host, names, status) => {
    const port = await serveHttp({ address, port: 0, names }, { '/': () => ({ status: 200, body: 'secret' }) }, stop.signal);
    const said = await say(port, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(said).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(said.includes('secret')).toBe(status === 200);
  });

  test('a hundred connections that say nothing keep nobody out, and are let go', async () => {
    const port = await serveHttp({ address: '127.0.0.1', port: 0 }, { '/healthz': () => ({ status: 200, body: 'ok\n' }) }, stop.signal);
    let closed = 0;
    for (let count = 0; count < 100; count += 1) void say(port, '').then(() => (closed += 1));
    await until('most to be open, the others closed', 5_000, () => closed >= 36 || undefined);
    expect(await (await fetch(`http://127.0.0.1:${port}/healthz`)).text()).toBe('ok\n');
    await until('all to be closed', 10_000, () => closed === 100 || undefined);
  });

  test.each<[string, string]>([
    ['a head that does not end', `GET / HTTP/1.1\r\nHost: localhost\r\n${'a: b\r\n'.repeat(10)}`],
    ['a head beyond all size', `GET / HTTP/1.1\r\nHost: localhost\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`],
    ['a body that does not end', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nx'],
  ])(
    '%s',
    async (_title, text) => {
      let asked = 0;
      const answer = (): HttpAnswer => {
        asked += 1;
        return { status: 200, body: 'ok' };
      };
      const port = await serveHttp({ address: '127.0.0.1', port: 0 }, { '/': answer }, stop.signal);
      expect(await say(port, text)).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect(asked).toBe(0);
    },
    20_000,
  );
});

test('what ends a program and is no matter of its address is told whole', () => {
  const error = new Error('a surprise');
  expect(startFailure(error)).toEqual({ error });
});

describe('an address to listen on', () => {
  test.each<[string, ReturnType<typeof parseListen>]>([
    ['127.0.0.1:9107', { address: '127.0.0.1', port: 9107 }],
    ['[::1]:9107', { address: '::1', port: 9107 }],
    [':9107', { address: '', port: 9107 }],
    ['9107', undefined],
    ['::1:9107', undefined],
    [':70000', undefined],
    ['a b:1', undefined],
  ])('%s', (text, expected) => {
    expect(parseListen(text)).toEqual(expected);
  });
});
