import { expect, test } from '@jest/globals';
import { readServiceExport } from './observedExport.js';

const read = (spec: unknown, more: object = {}): unknown => {
  const result = readServiceExport({ metadata: { name: 'web', namespace: 'demo', ...more }, spec });
  return result.ok ? result.value : result.error;
};

test('a plain one asks for nothing else', () => {
  expect(read(undefined)).toEqual({ annotations: {}, complaints: [] });
});

test('one that is being deleted asks for nothing', () => {
  expect(read({}, { deletionTimestamp: '2026-01-01T00:00:00Z' })).toBeUndefined();
});

test('only annotations of ours are read', () => {
  expect(read({}, { annotations: { 'kilofed.io/own-name': 'true', 'example.com/own-name': 'false' } })).toEqual({
    annotations: { 'kilofed.io/own-name': 'true' },
    complaints: [],
  });
});

test('labels and annotations are passed on, sorted', () => {
  const spec = { exportedLabels: { team: 'shop', 'app.kubernetes.io/name': 'web' }, exportedAnnotations: { 'example.com/note': 'a b\nc' } };
  const ask = read(spec);
  expect(ask).toEqual({
    annotations: {},
    exportedLabels: { 'app.kubernetes.io/name': 'web', team: 'shop' },
    exportedAnnotations: { 'example.com/note': 'a b\nc' },
    complaints: [],
  });
  expect(JSON.stringify(ask)).toContain('{"app.kubernetes.io/name":"web","team":"shop"}');
});

test.each([
  [{ 'not a key': 'x' }],
  [{ team: 'not a value' }],
  [{ team: 'x'.repeat(64) }],
  [{ 'kilofed.io/managed-by': 'kilofed-hub' }],
  [{ 'blocked.kilofed.io/west': 'x' }],
  [{ 'multicluster.kubernetes.io/service-name': 'other' }],
  [{ 'kubernetes.io/service-name': 'other' }],
  [{ 'topology.kubernetes.io/zone': 'z' }],
  [{ 'multicluster.x-k8s.io/anything': 'x' }],
  [{ 'kilo.squat.ai/leader': 'x' }],
  [{ 'app.kubernetes.io/instance': 'shop' }],
  [{ 'app.kubernetes.io/managed-by': 'Helm' }],
  [{ 'argocd.argoproj.io/instance': 'shop' }],
  [{ 'kustomize.toolkit.fluxcd.io/name': 'shop' }],
])('the label %j is not passed on, and is told', (exportedLabels) => {
  expect(read({ exportedLabels: { ...exportedLabels, team2: 'shop' } })).toMatchObject({
    exportedLabels: { team2: 'shop' },
    complaints: [{ reason: 'InvalidMetadata' }],
  });
});

test('what shows that somebody declares an object is not passed on', () => {
  const exportedAnnotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', 'meta.helm.sh/release-name': 'shop' };
  expect(read({ exportedAnnotations })).toMatchObject({ annotations: {}, complaints: [{}, {}] });
});

test('no more than a few are passed on, and no more than so much', () => {
  const exportedLabels = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`k${String(n).padStart(3, '0')}`, 'v']));
  const exportedAnnotations = { a: 'x'.repeat(10_000), b: 'x'.repeat(10_000), c: 'x' };
  const ask = read({ exportedLabels, exportedAnnotations }) as Record<string, object>;
  expect([Object.keys(ask['exportedLabels'] ?? {}).length, Object.keys(ask['exportedLabels'] ?? {}).at(-1)]).toEqual([64, 'k063']);
  expect(Object.keys(ask['exportedAnnotations'] ?? {})).toEqual(['a']);
  expect(ask['complaints']).toHaveLength(2);
});

test.each([[{ exportedLabels: { team: 1 } }], [{ exportedLabels: 'team' }], ['x']])('%j is malformed', (spec) => {
  expect(read(spec)).toContain('spec');
});
