import { constants, createSecureServer } from 'node:http2';
import { type AddressInfo, createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Writable } from 'node:stream';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Clock } from '../../core/runtime/clock.js';
import { createCertificate } from '../../test/contract/kube/certificate.js';
import {
  eventually,
  type Exchange,
  type FaultyServer,
  type FaultyServerOptions,
  quickClock,
  recordingClock,
  startFaultyServer,
} from '../../test/contract/kube/faultyServer.js';
import { createHandClock } from '../../test/host/handClock.js';
import type { ConnectionOptions, CredentialSource, KubeClient } from './client.js';
import { createKubeClient } from './http2Client.js';
import { systemClock } from './systemClock.js';

const GET = { method: 'GET', path: '/api/v1/nodes' } as const;
const WATCH = { path: '/api/v1/nodes', query: { watch: true }, idleMs: 10_000 } as const;

let running: { readonly client: KubeClient; readonly server: FaultyServer } | undefined;

afterEach(async () => {
  running?.client.close();
  await running?.server.close();
});

interface Setting extends FaultyServerOptions {
  readonly clock?: Clock;
  readonly change?: (options: ConnectionOptions) => ConnectionOptions;
}

async function start(handle: (exchange: Exchange) => void, setting: Setting = {}): Promise<{ client: KubeClient; server: FaultyServer }> {
  const server = await startFaultyServer(handle, setting);
  const client = createKubeClient(setting.change?.(server.options) ?? server.options, { clock: setting.clock ?? systemClock });
  running = { client, server };
  return running;
}

describe.each([
  ['HTTP/2', false],
  ['HTTP/1.1', true],
])('over %s', (_title, http1) => {
  test('a request carries method, path with prefix, query, headers and body', async () => {
    const seen: Exchange[] = [];
    const { client } = await start(
      (exchange) => {
        seen.push(exchange);
        exchange.answer(200, { ok: 1 });
      },
      { http1, path: '/k8s/clusters/c-1' },
    );
    const answer = await client.call({
      method: 'PATCH',
      path: '/api/v1/nodes/%C3%BC',
      query: { force: true, limit: 5, absent: undefined, labelSelector: 'a=b,c' },
      body: { text: 'grün' },
      contentType: 'application/apply-patch+yaml',
    });
    expect(answer).toEqual({ ok: true, value: { ok: 1 } });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      method: 'PATCH',
      path: '/k8s/clusters/c-1/api/v1/nodes/%C3%BC?force=true&limit=5&labelSelector=a%3Db%2Cc',
      body: '{"text":"grün"}',
      headers: {
        accept: 'application/json',
        authorization: 'Bearer t',
        'content-type': 'application/apply-patch+yaml',
        'user-agent': 'test/1',
      },
    });
  });

  test('a refusal is a value with what the server said, and how long to wait', async () => {
    const { client } = await start((exchange) => exchange.answer(429, { message: 'slow down' }, { 'retry-after': '3' }), { http1 });
    expect(await client.call(GET)).toEqual({ ok: false, error: { kind: 'tooMany', code: 429, message: 'slow down', retryAfterMs: 3_000 } });
    expect(await client.stream(WATCH, () => undefined)).toMatchObject({ ok: false, error: { kind: 'tooMany', retryAfterMs: 3_000 } });
  });

  test('after a 401 the credentials are asked for anew, once', async () => {
    let token = 'old';
    const credentials: CredentialSource = {
      get: () => Promise.resolve({ headers: { authorization: token } }),
      invalidate: () => {
        token = 'new';
      },
    };
    const { client, server } = await start(
      (exchange) =>
        exchange.headers['authorization'] === 'new' ? exchange.answer(200, 'null') : exchange.answer(401, { message: 'who?' }),
      { http1, credentials },
    );
    expect(await client.call(GET)).toEqual({ ok: true, value: null });
    expect(server.requests()).toBe(2);
  });

  test('a second 401 is the answer', async () => {
    const { client, server } = await start((exchange) => exchange.answer(401, { message: 'Unauthorized' }), { http1 });
    expect(await client.call(GET)).toEqual({ ok: false, error: { kind: 'unauthorized', code: 401, message: 'Unauthorized' } });
    expect(server.requests()).toBe(2);
  });

  test('a call without an answer ends at its deadline', async () => {
    const { client } = await start(() => undefined, { http1 });
    expect(await client.call({ ...GET, timeoutMs: 100 })).toEqual({
      ok: false,
      error: { kind: 'timeout', message: 'no answer within 100 ms' },
    });
  });

  test('an answer that stops in the middle ends at the deadline too', async () => {
    const { client } = await start((exchange) => void exchange.open().write('{"a":'), { http1 });
    expect(await client.call({ ...GET, timeoutMs: 100 })).toMatchObject({ ok: false, error: { kind: 'timeout' } });
  });

  test('an aborted call is aborted at once', async () => {
    const { client, server } = await start(() => undefined, { http1 });
    const controller = new AbortController();
    const answer = client.call({ ...GET, signal: controller.signal });
    await eventually('the request', () => server.requests() === 1);
    controller.abort();
    expect(await answer).toEqual({ ok: false, error: { kind: 'aborted', message: 'the request was given up' } });
    expect(await client.call({ ...GET, signal: AbortSignal.abort() })).toMatchObject({ ok: false, error: { kind: 'aborted' } });
    expect(server.requests()).toBe(1);
  });

  test('an answer cut short is no answer', async () => {
    const { client, server } = await start((exchange) => void exchange.open().write('{"a": 1}'), { http1 });
    const answer = client.call({ ...GET, method: 'POST', body: {} });
    await eventually('the request', () => server.requests() === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.cut();
    expect(await answer).toMatchObject({ ok: false, error: { kind: 'unreachable' } });
  });

  test('an answer that is not JSON is not quoted', async () => {
    const { client } = await start((exchange) => exchange.answer(200, '<html>hunter2'), { http1 });
    const answer = await client.call(GET);
    expect(answer).toMatchObject({ ok: false, error: { kind: 'server', message: expect.stringContaining('not JSON') } });
    expect(JSON.stringify(answer)).not.toContain('hunter2');
  });

  test('the items of a list are handed over one by one, and are not held', async () => {
    const { client } = await start((exchange) => exchange.answer(200, { kind: 'L', items: [{ a: 1 }, { b: 'é' }], metadata: {} }), {
      http1,
    });
    const items: unknown[] = [];
    const answer = await client.call({ ...GET, onItem: (item, head, bytes) => items.push([item, head, bytes]) });
    expect(answer).toEqual({ ok: true, value: { kind: 'L', items: [], metadata: {} } });
    expect(items).toEqual([
      [{ a: 1 }, '{"a":1}', 7],
      [{ b: 'é' }, '{"b":"é"}', 9],
    ]);
  });

  test('H8: an item that is too large, or no JSON, comes as nothing but its beginning', async () => {
    const large = `{"metadata":{"name":"a"},"x":"${'x'.repeat(2 << 20)}"}`;
    const { client } = await start((exchange) => exchange.answer(200, `{"items":[${large},{no},{"b":1}]}`), { http1 });
    const items: unknown[] = [];
    expect(await client.call({ ...GET, onItem: (item, head) => items.push([item, head.slice(0, 24)]) })).toMatchObject({ ok: true });
    expect(items).toEqual([
      [undefined, '{"metadata":{"name":"a"}'],
      [undefined, '{no}'],
      [{ b: 1 }, '{"b":1}'],
    ]);
  });

  test('an answer has all its items, whenever and for however long they are held up', async () => {
    const all = Array.from({ length: 2_000 }, (_, index) => ({ name: `item ${index}` }));
    const { client } = await start((exchange) => exchange.answer(200, { items: all, kind: 'L' }), { http1 });
    for (const every of [1_999, 2_000, 700, 100]) {
      const items: unknown[] = [];
      let count = 0;
      const pace = (what: string): Promise<void> | undefined => {
        if (what === 'item') count += 1;
        return what === 'item' && count % every === 0 ? new Promise((resolve) => setTimeout(resolve, 5)) : undefined;
      };
      expect(await client.call({ ...GET, onItem: (item) => items.push(item), pace })).toEqual({
        ok: true,
        value: { items: [], kind: 'L' },
      });
      expect(items).toEqual(all);
    }
  });

  test('a watch has all its lines, though it ends while they are held up', async () => {
    const { client } = await start((exchange) => exchange.answer(200, 'a\nb\nc\n'), { http1 });
    const lines: string[] = [];
    const pace = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
    expect(await client.stream({ ...WATCH, pace }, (line) => lines.push(line))).toEqual({ ok: true, value: undefined });
    expect(lines).toEqual(['a', 'b', 'c']);
  });

  test('a handler of items that throws rejects', async () => {
    const { client } = await start((exchange) => exchange.answer(200, { items: [1] }), { http1 });
    const call = client.call({
      ...GET,
      onItem() {
        throw new Error('mine');
      },
    });
    await expect(call).rejects.toThrow('mine');
  });

  test.each([
    ['of 3 MiB', () => `"${'x'.repeat(3 << 20)}"`],
    ['that nests 100 000 deep', () => `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['of 200 000 values', () => `[${'0,'.repeat(200_000)}0]`],
  ])('H8: an answer %s is refused before it is parsed', async (_what, body) => {
    const { client } = await start((exchange) => exchange.answer(200, body()), { http1 });
    expect(await client.call(GET)).toMatchObject({ ok: false, error: { kind: 'tooLarge' } });
  });

  test('H8: an answer without end is given up when it is too large, that of a list as well', async () => {
    const { client } = await start(
      (exchange) => {
        const stream = exchange.open();
        const more = (): void => {
          if (!stream.destroyed && !stream.writableEnded) stream.write('{"items":['.padEnd(1 << 16, ' '), () => setImmediate(more));
        };
        more();
      },
      { http1 },
    );
    const patient = { ...GET, timeoutMs: 60_000 };
    expect(await client.call(patient)).toMatchObject({ ok: false, error: { kind: 'tooLarge' } });
    expect(await client.call({ ...patient, onItem: () => undefined })).toMatchObject({ ok: false, error: { kind: 'tooLarge' } });
  });

  test('H8: a refusal is told in a bounded, printable message, and as what its status is when it is too large', async () => {
    const { client } = await start(
      (exchange) =>
        exchange.answer(403, { message: exchange.path.endsWith('a') ? `no\u001b[2K${'x'.repeat(5_000)}` : 'x'.repeat(1 << 20) }),
      { http1 },
    );
    const [small, large] = [await client.call({ ...GET, path: '/a' }), await client.call({ ...GET, path: '/b' })];
    expect(small).toEqual({
      ok: false,
      error: { kind: 'forbidden', code: 403, message: expect.stringMatching(/^no\\u001b\[2Kx{993}…$/) },
    });
    expect(large).toEqual({ ok: false, error: { kind: 'forbidden', code: 403, message: 'the API server answered 403' } });
  });

  test.each([301, 302, 307, 308])('M11: a redirect (%d) is an answer like any other, and is not followed', async (status) => {
    const { client, server } = await start(
      (exchange) => exchange.answer(exchange.path === '/there' ? 200 : status, {}, { location: '/there' }),
      { http1 },
    );
    expect(await client.call(GET)).toEqual({
      ok: false,
      error: { kind: 'other', code: status, message: `the API server answered ${status}` },
    });
    expect(await client.stream(WATCH, () => undefined)).toMatchObject({ ok: false, error: { kind: 'other', code: status } });
    expect(server.requests()).toBe(2);
  });

  test('H8: of a line that is too large only the beginning comes, and the watch goes on', async () => {
    const { client } = await start((exchange) => exchange.answer(200, `a\n${'x'.repeat(3 << 20)}\nb\n`), { http1 });
    const lines: unknown[] = [];
    expect(await client.stream(WATCH, (line, whole) => lines.push([line.length, whole]))).toMatchObject({ ok: true });
    expect(lines).toEqual([
      [1, true],
      [4096, false],
      [1, true],
    ]);
  });

  test('lines come whole, though chunks end inside them and inside characters', async () => {
    const bytes = Buffer.from('{"name":"größe €"}\n{"name":"b"}\n');
    const { client } = await start(
      (exchange) => {
        const stream = exchange.open();
        const step = (at: number): void => {
          if (at >= bytes.length) stream.end();
          else stream.write(bytes.subarray(at, at + 1), () => setImmediate(step, at + 1));
        };
        step(0);
      },
      { http1 },
    );
    const lines: string[] = [];
    expect(await client.stream(WATCH, (line) => lines.push(line))).toEqual({ ok: true, value: undefined });
    expect(lines).toEqual(['{"name":"größe €"}', '{"name":"b"}']);
  });

  test('a watch that is cut off is unreachable, and what came before it has arrived', async () => {
    const { client, server } = await start((exchange) => void exchange.open().write('a\nb'), { http1 });
    const lines: string[] = [];
    const ended = client.stream(WATCH, (line) => lines.push(line));
    await eventually('a line', () => lines.length > 0);
    server.cut();
    expect(await ended).toMatchObject({ ok: false, error: { kind: 'unreachable' } });
    expect(lines).toEqual(['a']);
  });

  test('a watch on which nothing comes ends by its idle watchdog', async () => {
    const { client } = await start((exchange) => void exchange.open(), { http1 });
    const ended = await client.stream({ ...WATCH, idleMs: 150 }, () => undefined);
    expect(ended).toEqual({ ok: false, error: { kind: 'timeout', message: 'nothing came for 150 ms' } });
  });

  test('a watch outlives the deadline for its opening, and bytes that keep coming feed the watchdog', async () => {
    const clock = createHandClock();
    let stream: Writable | undefined;
    const { client } = await start(
      (exchange) => {
        if (exchange.path.includes('watch')) stream = exchange.open();
        else exchange.answer(200, {});
      },
      { http1, clock },
    );
    let ended = false;
    const lines: string[] = [];
    const watch = client
      .stream({ ...WATCH, idleMs: 20_000 }, (line) => lines.push(line))
      .finally(() => {
        ended = true;
      });
    await eventually('the stream', () => stream !== undefined);
    for (let beat = 1; beat <= 30; beat += 1) {
      await clock.advance(2_000);
      stream?.write('x\n');
      await eventually('the line', () => lines.length === beat);
      // Answered after the ping that went before it.
      expect(await client.call(GET)).toMatchObject({ ok: true });
    }
    expect(ended).toBe(false);
    stream?.end();
    expect(await watch).toMatchObject({ ok: true });
    expect(lines).toHaveLength(30);
  });

  test('no line comes after a watch was aborted, or its handler threw', async () => {
    const { client } = await start((exchange) => void exchange.open().write('1\n2\n3\n'), { http1 });
    const controller = new AbortController();
    const lines: string[] = [];
    const ended = await client.stream({ ...WATCH, signal: controller.signal }, (line) => {
      lines.push(line);
      controller.abort();
    });
    expect(ended).toMatchObject({ ok: false, error: { kind: 'aborted' } });
    const broken = client.stream(WATCH, (line) => {
      lines.push(line);
      throw new Error('mine');
    });
    await expect(broken).rejects.toThrow('mine');
    expect(lines).toEqual(['1', '1']);
  });

  test('onOpen is called when the server has agreed, before any line', async () => {
    const { client } = await start((exchange) => exchange.answer(200, 'a\n'), { http1 });
    const order: string[] = [];
    await client.stream({ ...WATCH, onOpen: () => order.push('open') }, (line) => order.push(line));
    expect(order).toEqual(['open', 'a']);
  });

  test('close ends everything as aborted', async () => {
    const { client, server } = await start(
      (exchange) => (exchange.path.includes('watch') ? void exchange.open().write('a\n') : undefined),
      { http1 },
    );
    const lines: string[] = [];
    const watch = client.stream(WATCH, (line) => lines.push(line));
    const call = client.call(GET);
    await eventually('both requests', () => server.requests() === 2 && lines.length === 1);
    client.close();
    expect(await watch).toMatchObject({ ok: false, error: { kind: 'aborted' } });
    expect(await call).toMatchObject({ ok: false, error: { kind: 'aborted' } });
    expect(await client.call(GET)).toMatchObject({ ok: false, error: { kind: 'aborted' } });
  });

  test('a connection that was cut is made anew for the next call', async () => {
    const { client, server } = await start((exchange) => exchange.answer(200, { number: exchange.number }), { http1 });
    expect(await client.call(GET)).toMatchObject({ ok: true });
    server.cut();
    expect(await client.call(GET)).toEqual({ ok: true, value: { number: 2 } });
  });

  test('a changed client certificate takes a new connection; what runs on the old one goes on', async () => {
    let identity = createCertificate('one');
    const credentials: CredentialSource = { get: () => Promise.resolve({ headers: {}, ...identity }), invalidate: () => undefined };
    let stream: Writable | undefined;
    const { client, server } = await start(
      (exchange) => {
        if (exchange.path.includes('watch')) stream = exchange.open();
        else exchange.answer(200, {});
      },
      { http1, credentials },
    );
    const lines: string[] = [];
    const watch = client.stream(WATCH, (line) => lines.push(line));
    await eventually('the watch', () => stream !== undefined);
    const before = server.connections();
    identity = createCertificate('two');
    expect(await client.call(GET)).toMatchObject({ ok: true });
    expect(server.connections()).toBeGreaterThan(before);
    stream?.end('still here\n');
    expect(await watch).toMatchObject({ ok: true });
    expect(lines).toEqual(['still here']);
  });
});

describe('one session', () => {
  test('carries all calls and watches', async () => {
    const { client, server } = await start((exchange) =>
      exchange.path.includes('watch') ? void exchange.open() : exchange.answer(200, {}),
    );
    const watches = Array.from({ length: 10 }, () => client.stream(WATCH, () => undefined));
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.call(GET)));
    expect(answers.every((answer) => answer.ok)).toBe(true);
    expect(server.connections()).toBe(1);
    client.close();
    await Promise.all(watches);
  });

  test('H8: who listens says when to read on; meanwhile the server is not heard, and silence is not its fault', async () => {
    let written = 0;
    const { client } = await start((exchange) => {
      const stream = exchange.open();
      const more = (): void => {
        written += 1;
        if (written < 200 && !stream.destroyed) stream.write(`${'x'.repeat(1 << 16)}\n`, more);
      };
      more();
    });
    let lines = 0;
    let go = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    const watch = client.stream({ ...WATCH, idleMs: 1_000, pace: (what) => (what === 'event' ? held : undefined) }, () => (lines += 1));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(lines).toBe(1);
    // 200 lines are 12.5 MiB: what is on its way is bounded by the windows.
    expect(written).toBeLessThan(150);
    go();
    expect(await watch).toMatchObject({ ok: false, error: { kind: 'timeout' } });
    expect(lines).toBeGreaterThan(190);
  });

  test('that froze is ended by an unanswered ping, and the next call gets another', async () => {
    const clock = recordingClock(quickClock(5));
    const { client, server } = await start(
      (exchange) => (exchange.path.includes('watch') ? void exchange.open().write('a\n') : exchange.answer(200, {})),
      { clock },
    );
    const lines: string[] = [];
    const watch = client.stream({ ...WATCH, idleMs: 600_000 }, (line) => lines.push(line));
    await eventually('the watch', () => lines.length === 1);
    server.freeze();
    const before = clock.waits.length;
    expect(await watch).toEqual({
      ok: false,
      error: { kind: 'unreachable', message: 'the API server did not answer a ping within 3000 ms' },
    });
    // At most 2 s to the ping, and 3 s for its answer.
    expect(clock.waits.slice(before).reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(5_000);
    expect(await client.call(GET)).toMatchObject({ ok: true });
    expect(server.connections()).toBe(2);
  });

  test('that froze is silent, also before it is given up', async () => {
    const { client, server } = await start((exchange) => exchange.answer(200, {}), {
      change: (options) => ({ ...options, askEveryMs: 20 }),
    });
    expect(client.silentMs?.()).toBe(0);
    await client.call(GET);
    server.freeze();
    await eventually('silence', () => (client.silentMs?.() ?? 0) > 100);
  });

  test('H8: that lets no request begin is ended after many, since each is held as long as it lasts', async () => {
    const certificate = createCertificate();
    let sessions = 0;
    const server = createSecureServer({ ...certificate, settings: { maxConcurrentStreams: 0 } }).on('session', (session) => {
      sessions += 1;
      session.on('error', () => undefined);
    });
    server.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const client = clientOf(server, certificate.cert);
    const calls = (count: number) => Promise.all(Array.from({ length: count }, () => client.call({ ...GET, timeoutMs: 1_000 })));
    await calls(1);
    expect((await calls(1_000)).some(({ ok }) => ok)).toBe(false);
    await calls(1);
    expect(sessions).toBe(2);
    client.close();
    server.close();
  });

  test('is not ended because this process was busy for longer than a ping may take', async () => {
    const { client, server } = await start(
      (exchange) => (exchange.path.includes('watch') ? void exchange.open() : exchange.answer(200, {})),
      { clock: quickClock(5) },
    );
    const watch = client.stream({ ...WATCH, idleMs: 600_000 }, () => undefined);
    for (let round = 0; round < 3; round += 1) {
      expect(await client.call(GET)).toMatchObject({ ok: true });
      await new Promise((resolve) => setTimeout(resolve, 410));
      const until = performance.now() + 800;
      while (performance.now() < until);
    }
    expect(await client.call(GET)).toMatchObject({ ok: true });
    expect(server.connections()).toBe(1);
    client.close();
    await watch;
  });

  test('after GOAWAY serves its streams to their end, and new calls use another', async () => {
    let stream: Writable | undefined;
    const { client, server } = await start((exchange) => {
      if (exchange.path.includes('watch')) stream = exchange.open();
      else exchange.answer(200, {});
    });
    const lines: string[] = [];
    const watch = client.stream(WATCH, (line) => lines.push(line));
    await eventually('the stream', () => stream !== undefined);
    server.sessions[0]?.goaway(constants.NGHTTP2_NO_ERROR);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await client.call(GET)).toMatchObject({ ok: true });
    expect(server.connections()).toBe(2);
    stream?.end('the last\n');
    expect(await watch).toMatchObject({ ok: true });
    expect(lines).toEqual(['the last']);
  });

  test('GOAWAY with an error ends its streams, and new calls use another', async () => {
    const { client, server } = await start((exchange) =>
      exchange.path.includes('watch') ? void exchange.open().write('a\n') : exchange.answer(200, {}),
    );
    const lines: string[] = [];
    const watch = client.stream(WATCH, (line) => lines.push(line));
    await eventually('the watch', () => lines.length === 1);
    server.sessions[0]?.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect(await watch).toMatchObject({ ok: false, error: { kind: 'unreachable' } });
    expect(await client.call(GET)).toMatchObject({ ok: true });
  });

  test('a refused stream was not seen by the server: even a write is sent again, once', async () => {
    const { client, server } = await start((exchange) =>
      exchange.number === 1 ? exchange.reset(constants.NGHTTP2_REFUSED_STREAM) : exchange.answer(201, {}),
    );
    expect(await client.call({ ...GET, method: 'POST', body: {} })).toMatchObject({ ok: true });
    expect(server.requests()).toBe(2);
  });

  test('a write whose stream broke otherwise is not sent again', async () => {
    const { client, server } = await start((exchange) => exchange.reset(constants.NGHTTP2_INTERNAL_ERROR));
    expect(await client.call({ ...GET, method: 'POST', body: {} })).toMatchObject({ ok: false, error: { kind: 'unreachable' } });
    expect(server.requests()).toBe(1);
  });

  test.each([constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_CANCEL, constants.NGHTTP2_INTERNAL_ERROR])(
    'a body reset with code %i half way is not taken for the whole, unless the server said that it was',
    async (code) => {
      const { client } = await start((exchange) => {
        exchange.open().write('{"half": true}', () => setTimeout(() => exchange.reset(code), 30));
      });
      const answer = await client.call(GET);
      expect(answer.ok).toBe(code === constants.NGHTTP2_NO_ERROR);
    },
  );
});

describe('no connection', () => {
  test('nobody listens', async () => {
    const { client, server } = await start(() => undefined);
    await server.close();
    expect(await client.call(GET)).toMatchObject({
      ok: false,
      error: { kind: 'unreachable', message: expect.stringContaining('ECONNREFUSED') },
    });
  });

  test('an authority that did not sign its certificate', async () => {
    const { client, server } = await start((exchange) => exchange.answer(200, {}), {
      change: (options) => ({ ...options, ca: createCertificate().cert }),
    });
    expect(await client.call(GET)).toMatchObject({
      ok: false,
      error: { kind: 'unreachable', message: expect.stringMatching(/certificate|signature/) },
    });
    expect(server.requests()).toBe(0);
  });

  test('the certificate of another name, unless that name is asked for', async () => {
    const other = await start((exchange) => exchange.answer(200, {}), {
      change: (options) => ({ ...options, serverName: 'elsewhere.example' }),
    });
    expect(await other.client.call(GET)).toMatchObject({
      ok: false,
      error: { kind: 'unreachable', message: expect.stringContaining('elsewhere.example') },
    });
    other.client.close();
    await other.server.close();
    const { client } = await start((exchange) => exchange.answer(200, {}), {
      change: (options) => ({ ...options, serverName: 'localhost' }),
    });
    expect(await client.call(GET)).toMatchObject({ ok: true });
  });

  test('a server that accepts and then says nothing', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { server } = await start(() => undefined);
    const at = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const client = createKubeClient({ ...server.options, server: `https://${at}` }, { clock: quickClock(20) });
    expect(await client.call(GET)).toEqual({ ok: false, error: { kind: 'unreachable', message: `no connection to ${at} within 5000 ms` } });
    client.close();
    silent.close();
  });

  test.each([
    ['101 Switching Protocols', 'HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'],
    ['no answer at all', ''],
  ])('M11: a server that closes after %s has not answered, and nobody waits for ever', async (_title, said) => {
    const certificate = createCertificate();
    const server = createTlsServer({ ...certificate, ALPNProtocols: ['http/1.1'] }, (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(said));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const client = clientOf(server, certificate.cert);
    const unanswered = { ok: false, error: { kind: 'unreachable' } };
    expect(await client.call(GET)).toMatchObject(unanswered);
    expect(await client.stream(WATCH, () => undefined)).toMatchObject(unanswered);
    client.close();
    server.close();
  });

  test('credentials that cannot be had are a failure of their own, and never take longer than the call may', async () => {
    const failing: CredentialSource = { get: () => Promise.reject(new Error('no token file')), invalidate: () => undefined };
    const { client, server } = await start((exchange) => exchange.answer(200, {}), { credentials: failing });
    expect(await client.call(GET)).toEqual({ ok: false, error: { kind: 'unauthorized', message: 'no credentials: no token file' } });
    expect(server.requests()).toBe(0);
    const hanging = createKubeClient(
      { ...server.options, credentials: { get: () => new Promise(() => undefined), invalidate: () => undefined } },
      { clock: systemClock },
    );
    expect(await hanging.call({ ...GET, timeoutMs: 50 })).toMatchObject({ ok: false, error: { kind: 'timeout' } });
    hanging.close();
  });

  test('calls that start together share the connection that is being made', async () => {
    const { client, server } = await start((exchange) => exchange.answer(200, {}));
    await Promise.all(Array.from({ length: 20 }, () => client.call(GET)));
    expect(server.connections()).toBe(1);
  });
});

/** A client of a server that this test made itself. */
function clientOf(server: { address(): unknown }, ca: string): KubeClient {
  return createKubeClient(
    {
      server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      ca,
      credentials: { get: () => Promise.resolve({ headers: {} }), invalidate: () => undefined },
      userAgent: 'test/1',
    },
    { clock: systemClock },
  );
}
