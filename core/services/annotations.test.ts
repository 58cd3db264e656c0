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

test.each([
  // The Service, the ServiceExport of a person, what is asked for.
  [{}, {}, { exported: true, byServiceExport: true }],
  [{ 'kilofed.io/export': 'true' }, {}, { exported: true }],
  [{}, { 'kilofed.io/own-name': 'true' }, { exported: true, byServiceExport: true, ownName: true }],
  [{ 'kilofed.io/own-name': 'false' }, { 'kilofed.io/own-name': 'true' }, { exported: true, byServiceExport: true, ownName: false }],
  [{}, { 'kilofed.io/export-to': 'west' }, { exported: true, byServiceExport: true, targets: ['west'] }],
  [{ 'kilofed.io/export-to': 'north' }, { 'kilofed.io/export-to': 'west' }, { exported: true, byServiceExport: true, targets: ['north'] }],
  [{ 'kilofed.io/export': 'true' }, { 'kilofed.io/prefer': 'east' }, { exported: true, prefer: ['east'] }],
  [{ 'kilofed.io/affinity': 'local' }, { 'kilofed.io/affinity': 'none' }, { exported: true, byServiceExport: true, affinity: 'local' }],
  // It says something about the ServiceExport only where it is on the Service.
  [{}, { 'kilofed.io/export': 'false' }, { exported: true, byServiceExport: true }],
])('%j with a ServiceExport %j', (annotations, serviceExport, expected) => {
  expect(exportRequest(annotations, { serviceExport })).toEqual({ ...expected, complaints: [] });
});

test.each([['false'], ['TRUE']])('a ServiceExport exports no Service whose annotation says "%s", and it is told', (value) => {
  const request = exportRequest({ 'kilofed.io/export': value }, { serviceExport: {} });
  expect(request).toMatchObject({ exported: false, complaints: [{ reason: 'InvalidAnnotation' }] });
});

test('members that are preferred or weighed and unknown are told; labels are no members', () => {
  const request = exportRequest({
    'kilofed.io/export': 'true',
    'kilofed.io/prefer': 'east,gone,site=eu',
    'kilofed.io/weights': 'east=1,lost=2',
  });
  expect(unknownTargets(request ?? { exported: true, complaints: [] }, ['east']).map(({ reason, message }) => [reason, message])).toEqual([
    ['UnknownTarget', 'annotation kilofed.io/prefer names "gone", which is no member now: correct it, or add the member'],
    ['UnknownTarget', 'annotation kilofed.io/weights names "lost", which is no member now: correct it, or add the member'],
  ]);
});

test('affinity is the consent of the owner of the Service, and no ServiceExport gives it', () => {
  const request = exportRequest({}, { serviceExport: { 'kilofed.io/affinity': 'none' } });
  expect(request).toMatchObject({ exported: true, complaints: [{ reason: 'InvalidAnnotation' }] });
  expect(request).not.toHaveProperty('affinity');
});
