import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Message } from '../../core/failover/message.js';
import { agree, createKeyring, type Keyring, privateKeyOf } from './keyring.js';

/** Pairs of `wg genkey` and `wg pubkey`. */
const A = { private: 'yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=', public: 'HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=' };
const B = { private: 'oK56DE9Ue9zK76rAc8pBl6opph+1v36lm7cXXsQKrQM=' };
const C = { private: 'EKG1SvgZZUBDmDVNGqXVKhW7eTeIJU7IS3xZmoA1xVY=' };

const clock = { now: () => 0 };
const base64 = (key: Uint8Array): string => Buffer.from(key).toString('base64');
const a = createKeyring(A.private, clock);
const b = createKeyring(B.private, clock);

function request(key: Uint8Array): Message {
  return { kind: 'request', key, epoch: 1, nonce: 2n, answerVia: undefined, inUse: false, forwards: 'unknown' };
}

describe('a keyring', () => {
  test('has the public key that wg has', () => {
    expect(base64(a.publicKey)).toBe(A.public);
  });

  test('opens what was sealed for it, and says by whom', () => {
    const packet = a.seal(request(a.publicKey), base64(b.publicKey));
    expect(b.open(packet ?? new Uint8Array())).toEqual({ message: request(a.publicKey), from: A.public });
  });

  test('not what was sealed for another', () => {
    const packet = a.seal(request(a.publicKey), base64(b.publicKey));
    expect(createKeyring(C.private, clock).open(packet ?? new Uint8Array())).toBeUndefined();
  });

  test('not what somebody else says in a name', () => {
    const packet = createKeyring(C.private, clock).seal(request(a.publicKey), base64(b.publicKey));
    expect(b.open(packet ?? new Uint8Array())).toBeUndefined();
  });

  test('not what was changed in transit, wherever', () => {
    const packet = a.seal(request(a.publicKey), base64(b.publicKey)) ?? new Uint8Array();
    const opened = [...packet.keys()].filter((index) => b.open(packet.with(index, (packet[index] ?? 0) ^ 1)) !== undefined);
    expect([packet.length, opened]).toEqual([70, []]);
  });

  test('seals with HMAC-SHA-256, short and long messages alike', () => {
    const secret = agree(privateKeyOf(B.private), A.public) ?? '';
    const long: Message = {
      kind: 'answer',
      key: a.publicKey,
      epoch: 1,
      nonce: 2n,
      report: { draining: false, lanLost: false, notForwarding: false, unreachable: Array.from({ length: 200 }, (_, index) => index) },
      inUse: false,
    };
    const packets = [request(a.publicKey), long, request(a.publicKey)].map(
      (message) => a.seal(message, base64(b.publicKey)) ?? new Uint8Array(),
    );
    expect(packets.map(({ length }) => length)).toEqual([70, 870, 70]);
    for (const packet of packets)
      expect(base64(packet.subarray(-16))).toBe(
        createHmac('sha256', secret).update(packet.subarray(0, -16)).digest().subarray(0, 16).toString('base64'),
      );
    expect(b.open(packets[1] ?? new Uint8Array())?.message).toEqual(long);
  });

  test('not a packet that is longer than any of ours', () => {
    expect(
      b.open(Buffer.concat([a.seal(request(a.publicKey), base64(b.publicKey)) ?? new Uint8Array(), Buffer.alloc(65_000)])),
    ).toBeUndefined();
  });

  test.each([0, 1, 16, 53, 69])('not a packet of %d bytes', (length) => {
    expect(b.open((a.seal(request(a.publicKey), base64(b.publicKey)) ?? new Uint8Array()).subarray(0, length))).toBeUndefined();
  });

  test('agrees with no key that is none', () => {
    expect(a.seal(request(a.publicKey), 'bad')).toBeUndefined();
    // All points of small order give nothing to agree on (RFC 7748, section 6.1).
    expect(a.seal(request(a.publicKey), base64(new Uint8Array(32)))).toBeUndefined();
  });

  test('makes so many new agreements in a second and no more, so that strangers cannot keep it busy', () => {
    const keyring = createKeyring(A.private, clock);
    const sealed = Array.from({ length: 520 }, (_, index) =>
      keyring.seal(
        request(keyring.publicKey),
        base64(
          new Uint8Array(32)
            .fill(9)
            .with(0, index & 255)
            .with(1, index >> 8),
        ),
      ),
    );
    expect(sealed.filter((packet) => packet !== undefined)).toHaveLength(500);
  });
});

describe('M6: strangers', () => {
  const stranger = (index: number): string =>
    base64(
      new Uint8Array(32)
        .fill(9)
        .with(0, index & 255)
        .with(1, index >> 8)
        .with(2, index >> 16),
    );
  const packetOf = (key: string): Uint8Array => {
    const packet = (a.seal(request(a.publicKey), base64(b.publicKey)) ?? new Uint8Array()).slice();
    packet.set(Buffer.from(key, 'base64'), 4);
    return packet;
  };
  const fromB = (keyring: Keyring): Uint8Array => b.seal(request(b.publicKey), base64(keyring.publicKey)) ?? new Uint8Array();

  test('that are no nodes cost nothing that anybody else would need', () => {
    const keyring = createKeyring(A.private, clock);
    for (let index = 0; index < 20_000; index += 1) expect(keyring.openKnown(packetOf(stranger(index)))).toBeUndefined();
    // All that a second has for strangers is still there.
    expect(Array.from({ length: 500 }, (_, index) => keyring.seal(request(a.publicKey), stranger(index))).every((each) => each)).toBe(true);
  });

  test.each(['', 'evil'])('do not keep a known node from being heard and answered, at whatever address: %j', (group) => {
    const keyring = createKeyring(A.private, clock);
    keyring.know([base64(b.publicKey)]);
    for (let index = 0; index < 20_000; index += 1) keyring.open(packetOf(stranger(index)), group);
    expect(keyring.openKnown(fromB(keyring))?.from).toBe(base64(b.publicKey));
    expect(keyring.open(fromB(keyring), group)?.from).toBe(base64(b.publicKey));
    expect(keyring.seal(request(a.publicKey), base64(b.publicKey))).toBeDefined();
  });

  test('of one member leave to others what is theirs', () => {
    const keyring = createKeyring(A.private, clock);
    for (let index = 0; index < 20_000; index += 1) keyring.open(packetOf(stranger(index)), 'evil');
    expect(keyring.open(fromB(keyring), 'evil')).toBeUndefined();
    expect(keyring.open(fromB(keyring), 'honest')?.from).toBe(base64(b.publicKey));
    expect(keyring.open(fromB(keyring))?.from).toBe(base64(b.publicKey));
  });

  test('is who is no longer known', () => {
    const keyring = createKeyring(A.private, clock);
    keyring.know([base64(b.publicKey)]);
    keyring.know([]);
    expect(keyring.openKnown(fromB(keyring))).toBeUndefined();
  });
});
