import { expect, test } from '@jest/globals';
import { exportRequest, unknownTargets } from './annotations.js';

test.each([
  [{ 'kilofed.io/export': 'true' }, { exported: true, complaints: 0 }],
  [{ 'kilofed.io/export': 'TRUE' }, { exported: false, complaints: 1 }],
  [
    { 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'west, north' },
    { exported: true, targets: ['north', 'west'], complaints: 0 },
  ],
  [
    { 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'We_st' },
    { exported: true, targets: [], complaints: 1 },
  ],
  [
    { 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'west,We_st,west' },
    { exported: true, targets: ['west'], complaints: 1 },
  ],
  [
    { 'kilofed.io/export': 'true', 'kilofed.io/export-to': ' , ' },
    { exported: true, targets: [], complaints: 1 },
  ],
  [{ 'kilofed.io/export': '' }, { exported: false, complaints: 1 }],
  // I6: it was ignored without a word.
  [{ 'kilofed.io/export-to': 'west' }, { exported: false, complaints: 1 }],
])('%j', (annotations, expected) => {
  const { complaints, ...request } = exportRequest(annotations) ?? { complaints: [] };
  expect({ ...request, complaints: complaints.length }).toEqual(expected);
});

test.each([[{}], [{ 'kilofed.io/export': 'false' }], [{ 'kilofed.io/export': 'false', 'kilofed.io/export-to': 'We_st' }]])(
  '%j asks for nothing',
  (annotations) => {
    expect(exportRequest(annotations)).toBeUndefined();
  },
);

test('H8.5: of very many targets the first by name are taken, and some of the rest are named', () => {
  const ids = Array.from({ length: 300 }, (_, n) => `m${String(n).padStart(3, '0')}`);
  const request = exportRequest({ 'kilofed.io/export': 'true', 'kilofed.io/export-to': ids.toReversed().join(',') });
  expect([request?.targets?.length, request?.targets?.[0], request?.targets?.at(-1)]).toEqual([250, 'm000', 'm249']);
  expect(request?.complaints).toEqual([
    {
      reason: 'InvalidAnnotation',
      message:
        'annotation kilofed.io/export-to names more than 250 members, so these do not import it: m250, m251, m252, m253, m254 and 45 more',
    },
  ]);
  expect(unknownTargets({ exported: true, targets: ids, complaints: [] }, ['m001'])).toHaveLength(11);
});

test('M8: a value is shown escaped, and not all of it', () => {
  const [complaint] = exportRequest({ 'kilofed.io/export': `\u001b[2K${'y'.repeat(1_000)}` })?.complaints ?? [];
  expect(complaint?.message).toBe(
    `annotation kilofed.io/export is "\\u001b[2K${'y'.repeat(59)}…": write "true" to export the Service, or remove it`,
  );
});
