import { expect, test } from '@jest/globals';
import { changedAt } from './changedAt.js';

const at = (text: string): number => Date.parse(text);
const object = (times: readonly unknown[], triggered?: unknown): object => ({
  metadata: {
    managedFields: times.map((time) => ({ manager: 'm', time })),
    annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': triggered },
  },
});

test.each<[string, unknown, number | undefined]>([
  ['the newest write', object(['2026-01-01T00:00:05Z', '2026-01-01T00:00:09Z', '2026-01-01T00:00:07Z']), at('2026-01-01T00:00:09Z')],
  ['what a slice follows', object(['2026-01-01T00:00:09Z'], '2026-01-01T00:00:08.123456789Z'), at('2026-01-01T00:00:08.123Z')],
  ['what it follows, in the second of the write', object(['2026-01-01T00:00:09Z'], '2026-01-01T00:00:09.9Z'), at('2026-01-01T00:00:09.9Z')],
  ['a write that follows something else', object(['2026-01-01T01:00:00Z'], '2026-01-01T00:00:00Z'), at('2026-01-01T01:00:00Z')],
  ['what it follows, where nobody is said to have written it', object([], '2026-01-01T00:00:00Z'), at('2026-01-01T00:00:00Z')],
  ['nothing', object([]), undefined],
  ['nonsense', object(['yesterday', 5, null], 5), undefined],
  ['no object', undefined, undefined],
  ['no list', { metadata: { managedFields: 'x', annotations: 5 } }, undefined],
])('%s', (_what, each, expected) => {
  expect(changedAt(each)).toBe(expected);
});
