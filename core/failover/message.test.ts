import { describe, expect, test } from '@jest/globals';
import { decodeMessage, encodeMessage, type Message } from './message.js';

const envelope = { key: Uint8Array.from({ length: 32 }, (_, index) => index), epoch: 1_790_000_000_123, nonce: 0x1234_5678_0000_0007n };
const report = { draining: false, lanLost: false, notForwarding: false, unreachable: [] };

const MESSAGES: readonly [string, Message, number][] = [
  ['a request by the ordinary routes', { kind: 'request', ...envelope, answerVia: undefined, inUse: false, forwards: 'unknown' }, 54],
  [
    'a request by plane 3 that is in use, of a receiver that forwards',
    { kind: 'request', ...envelope, answerVia: 3, inUse: true, forwards: 'yes' },
    54,
  ],
  ['a request to one that does not', { kind: 'request', ...envelope, answerVia: 0, inUse: true, forwards: 'no' }, 54],
  [
    'a request that vouches',
    { kind: 'request', ...envelope, answerVia: 1, inUse: true, forwards: 'no', vouches: { ...report, draining: true, unreachable: [7] } },
    60,
  ],
  ['an answer', { kind: 'answer', ...envelope, report, inUse: false }, 54],
  ['an answer by a path in use', { kind: 'answer', ...envelope, report, inUse: true }, 54],
  ['an answer of one that leaves', { kind: 'answer', ...envelope, report: { ...report, draining: true }, inUse: false }, 54],
  [
    'an answer of one without LAN that reaches two segments less',
    { kind: 'answer', ...envelope, report: { ...report, lanLost: true, unreachable: [1, 0xffff_ffff] }, inUse: true },
    62,
  ],
  [
    'an answer of one that forwards nothing and reaches nobody',
    { kind: 'answer', ...envelope, report: { ...report, notForwarding: true, unreachable: 'all' }, inUse: false },
    54,
  ],
  ['a suspect message', { kind: 'suspect', ...envelope, suspect: new Uint8Array(32).fill(9) }, 84],
];

describe('messages', () => {
  test.each(MESSAGES)('%s comes out as it went in', (_name, message, length) => {
    const bytes = encodeMessage(message);
    expect(bytes.length).toBe(length);
    expect(decodeMessage(bytes)).toEqual(message);
  });

  test('too many segments to list are all of them', () => {
    const many = Array.from({ length: 201 }, (_, index) => index);
    expect(
      decodeMessage(encodeMessage({ kind: 'answer', ...envelope, report: { ...report, unreachable: many }, inUse: false })),
    ).toMatchObject({ report: { unreachable: 'all' } });
  });

  test('a request of which only the head is known is one: what is behind it is for those who know it', () => {
    const bytes = encodeMessage({ kind: 'request', ...envelope, answerVia: 1, inUse: true, forwards: 'no', vouches: report });
    expect(decodeMessage(bytes.slice(0, 54))).toEqual({ kind: 'request', ...envelope, answerVia: 1, inUse: true, forwards: 'no' });
  });

  test.each([
    ['empty', (): Uint8Array => new Uint8Array(0)],
    ['of another protocol', (bytes: Uint8Array) => bytes.with(0, 0)],
    ['of another version', (bytes: Uint8Array) => bytes.with(2, 2)],
    ['of an unknown kind', (bytes: Uint8Array) => bytes.with(3, 9)],
    ['cut short', (bytes: Uint8Array) => bytes.slice(0, 40)],
    ['that lists more than it holds', (bytes: Uint8Array) => bytes.with(53, 5)],
  ])('one %s is none', (_name, spoil) => {
    expect(decodeMessage(spoil(encodeMessage({ kind: 'answer', ...envelope, report, inUse: false })))).toBeUndefined();
  });
});
