import { describe, expect, test } from '@jest/globals';
import { RULES, service as record, sha256, tcp } from '../../test/fakes/services.js';
import { type ExportRequest, exportRequest } from './annotations.js';
import { exportRefusal } from './consent.js';
import type { ServiceRecord } from './model.js';
import { importersIn, type ImportersSay, planExport } from './planExport.js';

const NOBODY: ImportersSay = { blocked: new Map(), waiting: new Map() };
const base = { importers: NOBODY, followed: new Map(), exportToDefault: 'all', members: ['east', 'west'], sha256 } as const;
const requested = (annotations: Readonly<Record<string, string>>): ExportRequest => exportRequest(annotations) as ExportRequest;

function conditions(
  service: ServiceRecord,
  all: readonly ServiceRecord[] = [service],
  blockers: ReadonlyMap<string, string> = new Map(),
): Record<string, string> {
  const { cluster: member, namespace } = service;
  const denial = exportRefusal({ namespace, member, exportNamespaces: undefined, rules: RULES });
  const plan = planExport({ ...base, service, all, importers: { ...NOBODY, blocked: blockers }, ...(denial !== undefined && { denial }) });
  return Object.fromEntries(plan.conditions.map(({ type, status, reason }) => [type, `${status}/${reason}`]));
}

describe('conditions', () => {
  test.each([
    ['a good export', record('east'), {}, { Valid: 'True/Valid', Ready: 'True/Exported', Conflict: 'False/NoConflicts' }],
    ['an ExternalName', record('east', { type: 'ExternalName' }), {}, { Valid: 'False/InvalidServiceType' }],
    ['a system namespace', record('east', { namespace: 'kube-system' }), {}, { Valid: 'False/NamespaceDenied' }],
    [
      'another value than "true" and "false"',
      record('east', { export: requested({ 'kilofed.io/export': 'yes' }) }),
      {},
      { Valid: 'False/InvalidAnnotation' },
    ],
    [
      'an importer that cannot',
      record('east'),
      { west: 'no namespace' },
      { Valid: 'True/Valid', Ready: 'False/Pending', Conflict: 'False/NoConflicts' },
    ],
  ])('%s', (_what, service, blockers, expected) => {
    expect(conditions(service, [service], new Map(Object.entries(blockers)))).toEqual(expected);
  });

  test.each([
    ['port', { ports: [{ name: 'http', protocol: 'TCP' as const, port: 81 }] }, 'PortConflict'],
    ['type', { headless: true }, 'TypeConflict'],
    ['port nobody loses by', { ports: [tcp('http', 80), tcp('metrics', 9090)] }, 'PortConflict'],
    ['application protocol', { ports: [{ ...tcp('http', 80), appProtocol: 'h2c' }] }, 'PortConflict'],
    ['affinity', { sessionAffinity: 'ClientIP' as const }, 'SessionAffinityConflict'],
    ['families', { ipFamilies: ['IPv6' as const] }, 'IPFamilyConflict'],
    ['internal traffic policy', { internalTrafficPolicy: 'Local' as const }, 'InternalTrafficPolicyConflict'],
    ['traffic distribution', { trafficDistribution: 'PreferClose' }, 'TrafficDistributionConflict'],
    ['exported labels', { exportedLabels: { team: 'a' } }, 'LabelsConflict'],
    ['exported annotations', { exportedAnnotations: { team: 'a' } }, 'AnnotationsConflict'],
    [
      'many things',
      {
        ports: [],
        headless: true,
        sessionAffinity: 'ClientIP' as const,
        ipFamilies: ['IPv6' as const],
        internalTrafficPolicy: 'Local' as const,
        trafficDistribution: 'PreferClose',
        exportedLabels: { team: 'a' },
        exportedAnnotations: { team: 'a' },
      },
      [
        'AnnotationsConflict',
        'IPFamilyConflict',
        'InternalTrafficPolicyConflict',
        'LabelsConflict',
        'PortConflict',
        'TrafficDistributionConflict',
        'TypeConflict',
      ].join(),
    ],
  ])('a conflict of %s is told to every exporter', (_what, difference, reason) => {
    const [east, west] = [record('east'), record('west', difference)];
    for (const each of [east, west]) expect(conditions(each, [east, west])['Conflict']).toBe(`True/${reason}`);
  });
});

test('a conflict of affinity time is one, its default written out is none', () => {
  const kept = (seconds?: number): ServiceRecord =>
    record('west', { sessionAffinity: 'ClientIP', ...(seconds !== undefined && { sessionAffinitySeconds: seconds }) });
  const east = record('east', { sessionAffinity: 'ClientIP' });
  expect(conditions(east, [east, kept(10_800)])['Conflict']).toBe('False/NoConflicts');
  expect(conditions(east, [east, kept(60)])['Conflict']).toBe('True/SessionAffinityConfigConflict');
});

test('labels that are equal in another order are no conflict, nor is none and no list of them', () => {
  const east = record('east', { exportedLabels: { a: '1', b: '2' }, exportedAnnotations: {} });
  expect(conditions(east, [east, record('west', { exportedLabels: { b: '2', a: '1' } })])['Conflict']).toBe('False/NoConflicts');
  const west = record('west', { exportedLabels: { a: '1, b=2' }, exportedAnnotations: {} });
  expect(conditions(east, [east, west])['Conflict']).toBe('True/LabelsConflict');
});

test.each([
  ['is annotated wrongly', { export: requested({ 'kilofed.io/export': 'True' }) }],
  ['is an ExternalName', { type: 'ExternalName' as const }],
])('what %s conflicts with nobody', (_what, more) => {
  const east = record('east');
  expect(conditions(east, [east, record('west', { ...more, ports: [tcp('http', 1)] })])['Conflict']).toBe('False/NoConflicts');
});

test.each([
  ['is no member now', 'west,nroth', 'UnknownTarget', /names "nroth", which is no member now/],
  ["cannot be a member's id", 'west,We_st', 'InvalidAnnotation', /names "We_st", which cannot be/],
  ['is none at all', ' , ', 'InvalidAnnotation', /names no member/],
])('a target that %s is told in the condition and as a complaint; the rest is exported', (_what, targets, reason, message) => {
  const annotations = { 'kilofed.io/export': 'true', 'kilofed.io/export-to': targets };
  const plan = planExport({
    ...base,
    service: record('east', { export: requested(annotations) }),
    all: [],
    members: ['east', 'west', 'north'],
  });
  const told = { reason, message: expect.stringMatching(message) };
  expect(plan.conditions[0]).toEqual({ type: 'Valid', status: 'True', ...told });
  expect(plan.complaints).toEqual([told]);
});

test('each thing in which exporters differ is a complaint of its own', () => {
  const [east, west] = [record('east'), record('west', { headless: true, ports: [] })];
  const plan = planExport({ ...base, service: east, all: [east, west] });
  expect(plan.complaints.map(({ reason }) => reason)).toEqual(['TypeConflict', 'PortConflict']);
});

test('what importers say is read back from the object, not from a message', () => {
  const importers = {
    blocked: new Map([
      ['west', 'pod CIDR 10.1.0.0/16; and more: of west'],
      ['north', 'no'],
    ]),
    waiting: new Map([['south', 'south has no namespace demo']]),
  };
  const service = record('east');
  const plan = planExport({ ...base, service, all: [service], importers, members: ['east', 'north', 'south', 'west'] });
  expect(importersIn(plan.object.metadata)).toEqual(importers);
  expect(plan.conditions.find(({ type }) => type === 'Ready')?.message).toBe(
    'north: no; south: south has no namespace demo; west: pod CIDR 10.1.0.0/16; and more: of west',
  );
  expect(importersIn({ name: 'web' })).toEqual(NOBODY);
});

test('I6: what an importer lacks is told, and leaves the export as good as it is', () => {
  const service = record('east');
  const importers = { ...NOBODY, waiting: new Map([['west', 'west has no namespace demo']]) };
  expect(planExport({ ...base, service, all: [service], importers }).conditions).toContainEqual({
    type: 'Ready',
    status: 'True',
    reason: 'Exported',
    message: 'west: west has no namespace demo',
  });
});

test.each([
  ['only names that are no members', 'wset,nroth', ['UnknownTarget', 'UnknownTarget']],
  ['no name', ',', ['InvalidAnnotation']],
  ['only the exporter itself', 'east', ['NoTargets']],
  ['one member and one that is none', 'west,nroth', ['UnknownTarget']],
])('I6: with %s in the annotation, it is told, and Ready says whether anybody is to import it', (_what, targets, reasons) => {
  const service = record('east', { export: requested({ 'kilofed.io/export': 'true', 'kilofed.io/export-to': targets }) });
  const plan = planExport({ ...base, service, all: [service] });
  expect(plan.complaints.map(({ reason }) => reason)).toEqual(reasons);
  const ready = plan.conditions.find(({ type }) => type === 'Ready');
  expect([ready?.status, ready?.reason]).toEqual(targets.includes('west') ? ['True', 'Exported'] : ['False', 'NoTargets']);
  if (ready?.status === 'False') expect(ready.message).not.toBe('');
});

test('I6: who is to import it alone exports nothing, and is told how to', () => {
  const service = record('east', { export: requested({ 'kilofed.io/export-to': 'west' }) });
  const plan = planExport({ ...base, service, all: [service] });
  expect(plan.conditions).toEqual([
    {
      type: 'Valid',
      status: 'False',
      reason: 'InvalidAnnotation',
      message: expect.stringMatching(/alone exports nothing.*kilofed\.io\/export: "true"/),
    },
  ]);
  expect(exportRequest({ 'kilofed.io/export-to': 'west', 'kilofed.io/export': 'false' })).toBeUndefined();
});

test('H7: who decides where is what the mirrors say, also where they differ', () => {
  const [east, evil] = [record('east'), record('evil', { ports: [tcp('x', 80)] })];
  const messageOf = (followed: Readonly<Record<string, string>>): string | undefined =>
    planExport({ ...base, service: evil, all: [evil, east], followed: new Map(Object.entries(followed)) }).conditions.find(
      ({ type }) => type === 'Conflict',
    )?.message;
  expect(messageOf({})).toBe('east has http 80/TCP; evil has x 80/TCP');
  expect(messageOf({ west: 'east', north: 'east' })).toBe('east has http 80/TCP, and decides in north, west; evil has x 80/TCP');
  expect(messageOf({ west: 'east', north: 'evil', east: 'evil', south: 'nobody' })).toBe(
    'evil has x 80/TCP, and decides in east, north; east has http 80/TCP, and decides in west',
  );
});

test('L13: with --export-to-default none, who names no importers is told how to name some', () => {
  const told = { reason: 'NoTargets', message: expect.stringMatching(/no member imports it.*kilofed\.io\/export-to/) };
  const untold = planExport({ ...base, exportToDefault: 'none', service: record('east'), all: [] });
  expect(untold.conditions.slice(0, 2)).toEqual([
    { type: 'Valid', status: 'True', ...told },
    { type: 'Ready', status: 'False', ...told },
  ]);
  expect(untold.complaints).toMatchObject([{ reason: 'NoTargets', remedy: expect.stringMatching(/name the members/) }]);
  const named = record('east', { export: requested({ 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'west' }) });
  expect(planExport({ ...base, exportToDefault: 'none', service: named, all: [] }).complaints).toEqual([]);
});

test('H10: an export that the terms of its member do not allow is told as that, and nothing else is said of it', () => {
  const service = record('east');
  const denial = exportRefusal({ namespace: 'demo', member: 'east', exportNamespaces: ['team-*'], rules: RULES });
  expect(planExport({ ...base, service, all: [service], ...(denial !== undefined && { denial }) }).conditions).toEqual([
    {
      type: 'Valid',
      status: 'False',
      reason: 'ExportDenied',
      message: expect.stringMatching(/does not let east export from namespace demo: /),
    },
  ]);
});

test('H8.5: a conflict about a hundred ports with long names is told in a sentence', () => {
  const ports = Array.from({ length: 100 }, (_, n) => ({ ...tcp(`p${n}-${'x'.repeat(50)}`, 1 + n), appProtocol: 'y'.repeat(63) }));
  const service = record('evil', { ports });
  const { complaints } = planExport({ ...base, service, all: [service, record('east')] });
  expect(complaints.map(({ reason }) => reason)).toEqual(['PortConflict']);
  expect(complaints[0]?.message.length).toBeLessThan(1_200);
});
