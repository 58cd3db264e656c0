import { afterEach, expect, test } from '@jest/globals';
import { createHandClock, SILENT } from '../../test/host/handClock.js';
import { until } from '../../test/lab/process.js';
import { serveHttp } from './httpServer.js';
import { createSideServer } from './sideServer.js';

const stop = new AbortController();
afterEach(() => stop.abort());

test('report 22: a taken port stops nothing, is told once, and is served when it is free', async () => {
  const other = new AbortController();
  const port = await serveHttp({ address: '127.0.0.1', port: 0 }, {}, other.signal);
  const clock = createHandClock();
  const warnings: unknown[] = [];
  let changes = 0;
  const server = createSideServer({
    clock,
    log: { ...SILENT, warn: (_message, data) => void warnings.push(data) },
    onChange: () => (changes += 1),
  });
  await server.serve({ address: '127.0.0.1', port }, { '/healthz': () => ({ status: 200, body: 'ok\n' }) }, stop.signal);
  const reason = expect.stringMatching(new RegExp(`EADDRINUSE.*127.0.0.1:${port}.*end the program that listens there`)) as unknown;
  expect(server.failure()).toEqual(reason);
  await clock.advance(60_000);
  expect([warnings, changes]).toEqual([[{ reason }], 1]);
  other.abort();
  await until('the port is served', 20_000, async () => {
    await clock.advance(30_000);
    return server.failure() === undefined ? true : undefined;
  });
  expect(await (await fetch(`http://127.0.0.1:${port}/healthz`)).text()).toBe('ok\n');
  expect(changes).toBe(2);
});
