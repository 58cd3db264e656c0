import { describe, expect, test } from '@jest/globals';
import { service as record, sha256, tcp } from '../../test/fakes/services.js';
import { exportRequest } from './annotations.js';
import type { ServiceRecord } from './model.js';
import { derivedServiceName, mirroredSliceName } from './names.js';
import { canonical, ownHash, withOwnHash } from './ownHash.js';
import { planExport } from './planExport.js';

function conditions(service: ServiceRecord, all: readonly ServiceRecord[] = [service], hindrances: readonly string[] = []): Record<string, string> {
  const plan = planExport({ service, all, hindrances, deniedNamespaces: ['kube-system'], sha256 });
  if (plan.kind === 'none') throw new Error('not exported');
  return Object.fromEntries(plan.conditions.map(({ type, status, reason }) => [type, `${status}/${reason}`]));
}

describe('conditions', () => {
  test.each([
    ['a good export', record('east'), [], { Valid: 'True/Valid', Ready: 'True/Exported', Conflict: 'False/NoConflicts' }],
    ['an ExternalName', record('east', { type: 'ExternalName' }), [], { Valid: 'False/InvalidServiceType' }],
    ['a system namespace', record('east', { namespace: 'kube-system' }), [], { Valid: 'False/NamespaceDenied' }],
    ['another value than "true" and "false"', record('east', { annotations: { 'kilofed.io/export': 'yes' } }), [], { Valid: 'False/InvalidAnnotation' }],
    ['an importer that cannot', record('east'), ['west: no namespace'], { Valid: 'True/Valid', Ready: 'False/Pending', Conflict: 'False/NoConflicts' }],
  ])('%s', (_what, service, hindrances, expected) => {
    expect(conditions(service, [service], hindrances)).toEqual(expected);
  });

  test.each([
    ['port', { ports: [{ name: 'http', protocol: 'TCP' as const, port: 81 }] }, 'PortConflict'],
    ['type', { headless: true }, 'TypeConflict'],
    ['port nobody loses by', { ports: [tcp('http', 80), tcp('metrics', 9090)] }, 'PortConflict'],
    ['application protocol', { ports: [{ ...tcp('http', 80), appProtocol: 'h2c' }] }, 'PortConflict'],
    ['affinity', { sessionAffinity: 'ClientIP' as const }, 'SessionAffinityConflict'],
    ['families', { ipFamilies: ['IPv6' as const] }, 'IPFamilyConflict'],
    ['many things', { ports: [], headless: true, sessionAffinity: 'ClientIP' as const, ipFamilies: ['IPv6' as const] }, 'IPFamilyConflict,PortConflict,TypeConflict'],
  ])('a conflict of %s is told to every exporter', (_what, difference, reason) => {
    const [east, west] = [record('east'), record('west', difference)];
    for (const each of [east, west]) expect(conditions(each, [east, west])['Conflict']).toBe(`True/${reason}`);
  });
});

test('a conflict of affinity time is one, its default written out is none', () => {
  const kept = (seconds?: number): ServiceRecord => record('west', { sessionAffinity: 'ClientIP', ...(seconds !== undefined && { sessionAffinitySeconds: seconds }) });
  const east = record('east', { sessionAffinity: 'ClientIP' });
  expect(conditions(east, [east, kept(10_800)])['Conflict']).toBe('False/NoConflicts');
  expect(conditions(east, [east, kept(60)])['Conflict']).toBe('True/SessionAffinityConfigConflict');
});

test.each([
  ['is annotated wrongly', { annotations: { 'kilofed.io/export': 'True' } }],
  ['is an ExternalName', { type: 'ExternalName' as const }],
])('what %s conflicts with nobody', (_what, more) => {
  const east = record('east');
  expect(conditions(east, [east, record('west', { ...more, ports: [tcp('http', 1)] })])['Conflict']).toBe('False/NoConflicts');
});

test('a target that is no member is complained about', () => {
  const annotations = { 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'west,nroth' };
  const plan = planExport({ service: record('east', { annotations }), all: [], hindrances: [], deniedNamespaces: [], members: ['east', 'west', 'north'], sha256 });
  expect(plan.kind === 'export' && plan.conditions.find(({ type }) => type === 'Valid')).toMatchObject({ status: 'True', message: expect.stringContaining('"nroth", which is no member') });
});

describe('annotations', () => {
  test.each([
    [{}, { exported: false, complaints: 0 }],
    [{ 'kilofed.io/export': 'true' }, { exported: true, complaints: 0 }],
    [{ 'kilofed.io/export': 'TRUE' }, { exported: false, complaints: 1 }],
    [{ 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'west, north' }, { exported: true, targets: ['north', 'west'], complaints: 0 }],
    [{ 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'We_st' }, { exported: true, targets: [], complaints: 1 }],
    [{ 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'west,We_st,west' }, { exported: true, targets: ['west'], complaints: 1 }],
    [{ 'kilofed.io/export': 'true', 'kilofed.io/export-to': ' , ' }, { exported: true, targets: [], complaints: 1 }],
    [{ 'kilofed.io/export': 'false', 'kilofed.io/export-to': 'We_st' }, { exported: false, complaints: 0 }],
    [{ 'kilofed.io/export': '' }, { exported: false, complaints: 1 }],
  ])('%j', (annotations, expected) => {
    const { complaints, ...request } = exportRequest(annotations);
    expect({ ...request, complaints: complaints.length }).toEqual(expected);
  });

  test('what the hub wrote is never exported again', () => {
    expect(exportRequest({ 'kilofed.io/export': 'true' }, { 'kilofed.io/managed-by': 'kilofed-hub' }).exported).toBe(false);
  });
});

describe('names', () => {
  test('the derived name is base32hex of the SHA-256, as Python\'s base64.b32hexencode gives it', () => {
    expect(derivedServiceName('demo', 'web', sha256)).toBe('derived-scaifns3gd');
  });

  test('a slice name fits a label, tells members apart, and ends in its hash', () => {
    const name = mirroredSliceName('a'.repeat(63), { cluster: 'east', uid: 'u' }, sha256);
    expect(name.length).toBeLessThanOrEqual(63);
    expect(name).not.toBe(mirroredSliceName('a'.repeat(63), { cluster: 'west', uid: 'u' }, sha256));
  });
});

test('the hash does not depend on the order of keys, and does on every value', () => {
  expect(canonical({ b: 1, a: [{ d: undefined, c: 'x' }] })).toBe('{"a":[{"c":"x"}],"b":1}');
  const object = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } };
  expect(ownHash(withOwnHash(object, sha256))).not.toBe(ownHash(withOwnHash({ ...object, kind: 'Other' }, sha256)));
});
