import { expect, test } from '@jest/globals';
import { PLANE_PROBE_PORT, PROBE_PORT } from '../../core/api/ports.js';
import type { Message } from '../../core/failover/message.js';
import { HEALTHY } from '../../core/failover/report.js';
import { probePath, target } from '../../test/fakes/probedPaths.js';
import { createMessenger, type Messenger } from './messenger.js';

const OWN = new Uint8Array(32).fill(1);
const ENVELOPE = { key: OWN, epoch: 1000 };
const REPORT = { ...HEALTHY, draining: true };

interface Sent {
  readonly by: number;
  readonly to: string;
  readonly key: string;
  readonly message: Message;
}

/** What a messenger sends that has sockets at these ports. Packets are texts, and no key that starts with `bad` is one. */
function messenger(...ports: readonly number[]): Messenger & { readonly sent: Sent[] } {
  const sent: Sent[] = [];
  let sealed: Pick<Sent, 'key' | 'message'> | undefined;
  return {
    sent,
    ...createMessenger({
      keyring: {
        publicKey: OWN,
        seal(message, key) {
          if (key.startsWith('bad')) return undefined;
          sealed = { key, message };
          return new Uint8Array();
        },
      },
      sockets: {
        has: (port) => ports.includes(port),
        send: (by, { address, port }) => void (sealed !== undefined && sent.push({ by, to: `${address}:${port}`, ...sealed })),
      },
      epoch: ENVELOPE.epoch,
      life: 7n,
      report: () => REPORT,
    }),
  };
}

const PATH = probePath({ kind: 'tunnel', slot: 1, segment: 'far' }, { from: PLANE_PROBE_PORT + 1, answerVia: 0 });
const TARGET = { ...target('f1', 'far'), address: '10.4.0.7' };

test.each([true, false])('a probe goes by the port of its path; with our own report where it vouches: %p', (vouches) => {
  const { probe, sent } = messenger();
  probe({ path: PATH, target: TARGET, nonce: 5, inUse: true, forwards: 'no', vouches }, 99n);
  const message = {
    kind: 'request',
    ...ENVELOPE,
    nonce: 99n,
    answerVia: 0,
    inUse: true,
    forwards: 'no',
    ...(vouches ? { vouches: REPORT } : {}),
  };
  expect(sent).toEqual([{ by: PLANE_PROBE_PORT + 1, to: `10.4.0.7:${PROBE_PORT}`, key: 'key-f1', message }]);
});

test.each<[string, number | undefined, readonly number[], number]>([
  ['by the plane that it names', 1, [PLANE_PROBE_PORT + 1], PLANE_PROBE_PORT + 1],
  ['by the ordinary routes where we have no such plane', 1, [], PROBE_PORT],
  ['by the ordinary routes where it names none', undefined, [PLANE_PROBE_PORT], PROBE_PORT],
])('a request is answered %s', (_what, answerVia, ports, by) => {
  const { answer, sent } = messenger(...ports);
  const request = { kind: 'request', key: new Uint8Array(32), epoch: 5, nonce: 42n, answerVia, inUse: false, forwards: 'unknown' } as const;
  answer(request, true, { key: 'key-f1', address: '10.4.0.7', port: 4242 });
  const message = { kind: 'answer', ...ENVELOPE, nonce: 42n, report: REPORT, inUse: true };
  expect(sent).toEqual([{ by, to: '10.4.0.7:4242', key: 'key-f1', message }]);
});

test('all nodes but the suspect are told of it, each with a greater nonce; what has no key is left out', () => {
  const { suspect, sent } = messenger();
  const suspected = Buffer.alloc(32, 9).toString('base64');
  const nodes = new Map(['key-a', 'bad', suspected, 'key-b'].map((key) => [key, TARGET]));
  suspect(suspected, nodes);
  expect(sent.map(({ key }) => key)).toEqual(['key-a', 'key-b']);
  const nonces = sent.map(({ message }) => message.nonce);
  expect(nonces.map((nonce) => nonce >> 32n)).toEqual([7n, 7n]);
  expect((nonces[1] ?? 0n) > (nonces[0] ?? 0n)).toBe(true);
  expect(sent[0]?.message).toMatchObject({ kind: 'suspect', suspect: Buffer.alloc(32, 9) });
});
