import { expect, test } from '@jest/globals';
import { mergeConditions, type PlannedCondition } from './conditions.js';

const NOW = '2026-01-02T03:04:05Z';
const LONG_AGO = '2025-01-01T00:00:00Z';

const ready = (status: 'True' | 'False', reason: string): PlannedCondition => ({ type: 'Ready', status, reason, message: '' });
const before = (status: string): { readonly conditions: readonly { type: string; status: string; lastTransitionTime: string }[] } => ({
  conditions: [
    { type: 'Other', status: 'True', lastTransitionTime: LONG_AGO },
    { type: 'Ready', status, lastTransitionTime: LONG_AGO },
  ],
});

test.each([
  ['the first', undefined, ready('True', 'Meshed'), NOW],
  ['another status', before('False'), ready('True', 'Meshed'), NOW],
  ['the same status', before('True'), ready('True', 'Meshed'), LONG_AGO],
  ['the same status for another reason', before('False'), ready('False', 'NoGateway'), LONG_AGO],
])('%s', (_what, status, planned, expected) => {
  expect(mergeConditions([planned], { metadata: { generation: 3 }, status }, NOW)).toEqual([
    { ...planned, observedGeneration: 3, lastTransitionTime: expected },
  ]);
});

test('a condition that says which generation it is about keeps it; without any, there is none', () => {
  const [told] = mergeConditions([{ ...ready('True', 'Meshed'), observedGeneration: 2 }], { metadata: { generation: 3 } }, NOW);
  expect(told?.observedGeneration).toBe(2);
  expect(mergeConditions([ready('True', 'Meshed')], { metadata: {} }, NOW)).toEqual([
    { ...ready('True', 'Meshed'), lastTransitionTime: NOW },
  ]);
});

test('sorted by type', () => {
  const all = ['Valid', 'Conflict', 'Ready'].map((type) => ({ ...ready('True', 'Meshed'), type }));
  expect(mergeConditions(all, { metadata: {} }, NOW).map(({ type }) => type)).toEqual(['Conflict', 'Ready', 'Valid']);
});

test('M8: a message is one printable line, no longer than the API takes', () => {
  const [told] = mergeConditions([{ ...ready('False', 'NoGateway'), message: 'yes\x1b[2K\n' }], { metadata: {} }, NOW);
  expect(told?.message).toBe(String.raw`yes\u001b[2K\u000a`);
  const [long] = mergeConditions([{ ...ready('False', 'NoGateway'), message: '\x1b'.repeat(100_000) }], { metadata: {} }, NOW);
  expect(long?.message.length).toBeLessThan(32_768);
});
