import { describe, expect, test } from '@jest/globals';
import { type Answers, createAnswers } from './answers.js';

const TIMEOUT_MS = 50;

/** Probes 1, 2 and 3 were sent at 100, 200 and 300 ms, and those in `answered` were answered 10 ms later. */
function answers(...answered: readonly number[]): Answers {
  const made = createAnswers(() => TIMEOUT_MS);
  for (const nonce of [1, 2, 3]) {
    made.sent(nonce, nonce * 100);
    if (answered.includes(nonce)) made.answered(nonce, nonce * 100 + 10);
  }
  return made;
}

describe('probes are overdue', () => {
  test.each<[string, readonly number[], number, number, number | undefined]>([
    ['not before their time', [], 149, 0, undefined],
    ['from then on', [], 150, 1, 100],
    ['one after the other', [], 350, 3, 100],
    ['not where they were answered', [1], 350, 2, 200],
    ['not where a later one was answered: those are lost', [2], 350, 1, 300],
    ['never, where all were answered', [1, 2, 3], 10_000, 0, undefined],
  ])('%s', (_what, answered, ...[now, count, silentSince]) => {
    const made = answers(...answered);
    expect([made.overdue(now), made.silentSince(now)]).toEqual([count, silentSince]);
  });

  test('later by the time in which nobody could have seen an answer', () => {
    const made = answers();
    made.extendDeadlines(1000);
    expect([made.overdue(1149), made.overdue(1150)]).toEqual([0, 1]);
  });
});

test.each<[string, readonly number[], number, number, number]>([
  ['of the oldest', [], 0, 0, 150],
  ['of a later one', [], 2, 0, 350],
  ['of what is no longer pending: never', [1, 2], 1, 0, Number.POSITIVE_INFINITY],
  ['of what has passed: never', [], 0, 150, Number.POSITIVE_INFINITY],
])('a deadline, %s', (_what, answered, ...[index, after, deadline]) => {
  expect(answers(...answered).deadline(index, after)).toBe(deadline);
});

test.each<[string, readonly number[], number, number, number]>([
  ['all are in a row', [1, 2, 3], 3, 310, 0],
  ['a row begins anew after a loss', [1, 3], 1, 310, 0],
  ['none are none', [], 0, Number.NEGATIVE_INFINITY, 3],
])('of answers %s', (_what, answered, ...[inRow, lastAt, pending]) => {
  const made = answers(...answered);
  expect([made.inRow(), made.lastAt(), made.pending()]).toEqual([inRow, lastAt, pending]);
  made.breakRow();
  expect(made.inRow()).toBe(0);
});

test('an answer counts once, for a probe that was sent, and with the time that it took', () => {
  const made = answers();
  expect([made.answered(2, 230), made.answered(2, 230), made.answered(1, 230), made.answered(9, 230)]).toEqual([
    30,
    undefined,
    undefined,
    undefined,
  ]);
});

test('the share of losses is of about the last hundred', () => {
  const made = createAnswers(() => TIMEOUT_MS);
  const send = (count: number, every: number): void => {
    for (let nonce = 1; nonce <= count; nonce += 1) {
      made.sent(nonce, nonce);
      if (nonce % every === 0) made.answered(nonce, nonce);
    }
  };
  send(500, 2);
  expect(made.loss()).toBeCloseTo(0.5, 1);
  send(500, 1);
  expect(made.loss()).toBeLessThan(0.01);
});

test('what nobody answered before the first answer is no loss: a path that works from the start has lost nothing', () => {
  const made = createAnswers(() => TIMEOUT_MS);
  for (let nonce = 1; nonce <= 20; nonce += 1) made.sent(nonce, nonce * 100);
  made.answered(20, 2_010);
  expect(made.loss()).toBe(0);
  made.sent(21, 2_100);
  made.sent(22, 2_200);
  made.answered(22, 2_210);
  expect(made.loss()).toBeGreaterThan(0);
});
