import { describe, expect, test } from '@jest/globals';
import { readObject } from '../observed/readObject.js';
import { readService, readSlice, serviceIdentity } from './observed.js';

const metadata = { name: 'web', namespace: 'demo', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' };
const REQUEST = { exported: true, complaints: [] };

const serviceOf = (ports: unknown): ReturnType<typeof readService> =>
  readService('east', REQUEST, { metadata, spec: { ports, ipFamilies: ['IPv4'], clusterIP: '10.96.0.9' } });
const sliceOf = (more: object): ReturnType<typeof readSlice> =>
  readSlice('east', { metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'web' } }, addressType: 'IPv4', ...more });

describe('H8.2: of more ports than a slice can have', () => {
  test.each([101, 20_000])('%i: the first by name are taken, and the rest is named', (count) => {
    const ports = Array.from({ length: count }, (_, n) => ({ name: `p${String(count - n).padStart(5, '0')}`, port: 1 + n }));
    const read = serviceOf(ports);
    const value = read.ok ? read.value : undefined;
    expect(value?.record.ports).toHaveLength(100);
    expect([value?.record.ports[0]?.name, value?.record.ports[99]?.name]).toEqual(['p00001', 'p00100']);
    const more = count === 101 ? 'p00101' : `p00101, p00102, p00103, p00104, p00105 and ${count - 105} more`;
    expect(value?.complaints).toEqual([
      { reason: 'TooManyPorts', message: `only the first 100 of its ports, by name, are exported, without ${more}` },
    ]);
  });

  test('of very many, one walk', () => {
    const ports = Array.from({ length: 200_000 }, (_, n) => ({ name: ['http'], port: n }));
    const began = performance.now();
    expect(serviceOf(ports).ok).toBe(false);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

test('H8.5: an EndpointSlice with more endpoints than API servers take has as many as they take', () => {
  const read = sliceOf({ endpoints: Array.from({ length: 1_200 }, () => ({ addresses: ['10.1.0.5'] })) });
  const value = read.ok ? read.value : undefined;
  expect(value?.record.endpoints).toHaveLength(1_000);
  expect(value?.complaints).toEqual([
    { reason: 'TooManyEndpoints', message: 'an EndpointSlice holds 1000 endpoints, so 200 more are left out' },
  ]);
});

test.each<[string, object]>([
  ['101 addresses of one endpoint', { endpoints: [{ addresses: Array.from({ length: 101 }, () => '10.1.0.5') }] }],
  ['101 ports', { ports: Array.from({ length: 101 }, (_, n) => ({ port: 1 + n })) }],
  ['a host name of 64 characters', { endpoints: [{ addresses: ['10.1.0.5'], hostname: 'a'.repeat(64) }] }],
  ['a port without a number', { ports: [{ port: Number.NaN }] }],
  ['an address that is a book', { endpoints: [{ addresses: ['1'.repeat(1_000_000)] }] }],
])('H9: %s: no API server has that', (_what, more) => {
  expect(sliceOf(more).ok).toBe(false);
});

test('H8.5: an annotation that is too long to be read is no annotation that is absent', () => {
  const annotations = {
    'kilofed.io/export': 'true',
    'kilofed.io/export-to': 'west,'.repeat(5_000),
    'kubectl.kubernetes.io/x': 'y'.repeat(200_000),
  };
  const object = { metadata: { ...metadata, annotations } };
  expect(readObject(serviceIdentity, object)).toMatchObject({ ok: false, error: expect.stringContaining('kilofed.io/export-to') });
  const short = { metadata: { ...metadata, annotations: { ...annotations, 'kilofed.io/export-to': 'west' } } };
  expect(readObject(serviceIdentity, short)).toMatchObject({
    ok: true,
    value: { metadata: { annotations: { 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'west' } } },
  });
});

test('what API servers leave out or write as null has its default', () => {
  expect(serviceOf(null)).toMatchObject({ ok: true, value: { record: { ports: [], sessionAffinity: 'None', type: 'ClusterIP' } } });
  expect(serviceOf([{ port: 80 }])).toMatchObject({ ok: true, value: { record: { ports: [{ name: '', protocol: 'TCP', port: 80 }] } } });
  expect(sliceOf({ endpoints: null, ports: null })).toMatchObject({ ok: true, value: { record: { endpoints: [], ports: [] } } });
  expect(sliceOf({ ports: [{ name: 'any' }] })).toMatchObject({ ok: true, value: { record: { ports: [] } } });
  expect(sliceOf({ addressType: 'FQDN' })).toEqual({ ok: true, value: undefined });
  expect(sliceOf({ endpoints: [{ addresses: ['10.1.0.5'], zone: 'not a zone\n', conditions: { ready: null } }] })).toMatchObject({
    ok: true,
    value: { record: { endpoints: [{ addresses: ['10.1.0.5'] }] } },
  });
});

test('addresses, policy and distribution of a Service are read, as far as they say something', () => {
  const recordOf = (spec: object): unknown => {
    const read = readService('east', REQUEST, { metadata, spec: { ports: [], ...spec } });
    if (!read.ok) return 'refused';
    const { clusterIPs, internalTrafficPolicy, trafficDistribution } = read.value.record;
    return { clusterIPs, internalTrafficPolicy, trafficDistribution };
  };
  expect(recordOf({ clusterIPs: ['10.96.0.9', 'fd00::9'], internalTrafficPolicy: 'Local', trafficDistribution: 'PreferClose' })).toEqual({
    clusterIPs: ['10.96.0.9', 'fd00::9'],
    internalTrafficPolicy: 'Local',
    trafficDistribution: 'PreferClose',
  });
  expect(recordOf({ clusterIP: '10.96.0.9', internalTrafficPolicy: 'Cluster' })).toEqual({ clusterIPs: ['10.96.0.9'] });
  expect(recordOf({ clusterIP: 'None', clusterIPs: ['None'], trafficDistribution: null })).toEqual({});
  expect(recordOf({ clusterIPs: ['10.96.0.0/12', 'anything'] })).toEqual({});
  for (const wrong of [
    { internalTrafficPolicy: 'Node' },
    { trafficDistribution: 'a\nb' },
    { trafficDistribution: 'x'.repeat(1_000_000) },
    { clusterIPs: ['10.96.0.1', '10.96.0.2', '10.96.0.3'] },
  ])
    expect(recordOf(wrong)).toBe('refused');
});

test("L12: a zone with control characters is nobody's, and no line of a file", () => {
  const read = sliceOf({ endpoints: [{ addresses: ['10.1.0.5'], zone: 'a\u001b[2K' }] });
  expect(JSON.stringify(read)).not.toContain('zone');
});
