import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { exportRequest } from './annotations.js';
import type { ServiceRecord } from './model.js';
import { derivedServiceName, mirroredSliceName } from './names.js';
import { canonical, ownHash, withOwnHash } from './ownHash.js';
import { planExport } from './planExport.js';

const sha256 = (text: string): Uint8Array => createHash('sha256').update(text).digest();

function record(cluster: string, more: Partial<ServiceRecord> = {}): ServiceRecord {
  return {
    cluster,
    namespace: 'demo',
    name: 'web',
    uid: cluster,
    created: '2026-01-01T00:00:00Z',
    type: 'ClusterIP',
    headless: false,
    ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
    ipFamilies: ['IPv4'],
    sessionAffinity: 'None',
    publishNotReadyAddresses: false,
    annotations: { 'kilofed.io/export': 'true' },
    ...more,
  };
}

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
    ['an importer that cannot', record('east'), ['west: no namespace'], { Valid: 'True/Valid', Ready: 'False/Pending', Conflict: 'False/NoConflicts' }],
  ])('%s', (_what, service, hindrances, expected) => {
    expect(conditions(service, [service], hindrances)).toEqual(expected);
  });

  test.each([
    ['port', { ports: [{ name: 'http', protocol: 'TCP' as const, port: 81 }] }, 'PortConflict'],
    ['type', { headless: true }, 'TypeConflict'],
    ['affinity', { sessionAffinity: 'ClientIP' as const }, 'SessionAffinityConflict'],
  ])('a conflict of %s is told to every exporter', (_what, difference, reason) => {
    const [east, west] = [record('east'), record('west', difference)];
    for (const each of [east, west]) expect(conditions(each, [east, west])['Conflict']).toBe(`True/${reason}`);
  });
});

describe('annotations', () => {
  test.each([
    [{}, { exported: false, complaints: 0 }],
    [{ 'kilofed.io/export': 'true' }, { exported: true, complaints: 0 }],
    [{ 'kilofed.io/export': 'TRUE' }, { exported: false, complaints: 1 }],
    [{ 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'west, north' }, { exported: true, targets: ['north', 'west'], complaints: 0 }],
    [{ 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'We_st' }, { exported: true, targets: [], complaints: 1 }],
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
