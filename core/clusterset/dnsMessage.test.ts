import { expect, test } from '@jest/globals';
import { answersZone, isWholeMessage, zoneQuestion } from './dnsMessage.js';

/** The question made an answer, with that code and so many records. */
function answer(code: number, records: number): Uint8Array {
  const message = zoneQuestion();
  message.set([0x84, code], 4);
  message.set([0, records], 8);
  return message;
}

test('the question is what RFC 1035 says', () => {
  const text = '\x0bdns-version\x0aclusterset\x05local\0\0\x10\0\x01';
  expect(Buffer.from(zoneQuestion()).toString('latin1')).toBe(`\0\x2ekf\0\0\0\x01\0\0\0\0\0\0${text}`);
});

test.each([
  ['a record', answer(0, 1), true],
  ['no such name', answer(3, 0), false],
  ['nothing of that type', answer(0, 0), false],
  ['a failure', answer(2, 0), false],
  ['the question itself', zoneQuestion(), undefined],
  ['another question', answer(0, 1).with(2, 0), undefined],
  ['half of it', answer(0, 1).slice(0, 20), undefined],
  ['nothing', new Uint8Array(), undefined],
])('%s', (_name, message, expected) => {
  expect(answersZone(message)).toBe(expected);
});

test('it is whole when as much is there as its length says', () => {
  const whole = answer(0, 1);
  expect([whole, whole.slice(0, -1), whole.slice(0, 1)].map(isWholeMessage)).toEqual([true, false, false]);
});
