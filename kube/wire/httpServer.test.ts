import { afterEach, describe, expect, test } from '@jest/globals';
import { parseListen, serveHttp } from './httpServer.js';

const stop = new AbortController();
afterEach(() => stop.abort());

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
  await expect(serveHttp({ address: '127.0.0.1', port }, {}, stop.signal)).rejects.toThrow('EADDRINUSE');
  stop.abort();
  await expect(get('/healthz')).rejects.toThrow('fetch failed');
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
