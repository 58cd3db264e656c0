import { expect, test } from '@jest/globals';
import { exportRefusal, importRefusal, type NamespaceRules } from './consent.js';
import type { NamespaceConsent } from './namespaceConsent.js';

const USUAL: NamespaceRules = { reserved: ['kube-system', 'hub'], denied: ['kube-', 'openshift-', 'openshift', 'kilofed'] };
const SOME: NamespaceRules = { ...USUAL, allowed: ['team-', 'demo', 'kube-dns'] };

test.each<[string, NamespaceConsent['imports'], NamespaceRules, string]>([
  // Where the namespace says nothing, the flags count.
  ['demo', undefined, USUAL, 'yes'],
  ['default', undefined, USUAL, 'yes'],
  ['kube-flannel', undefined, USUAL, 'NamespaceDenied'],
  ['kube', undefined, USUAL, 'yes'],
  ['openshift', undefined, USUAL, 'NamespaceDenied'],
  ['openshift-dns', undefined, USUAL, 'NamespaceDenied'],
  ['openshifts', undefined, USUAL, 'yes'],
  ['kilofed', undefined, USUAL, 'NamespaceDenied'],
  ['kilofed-demo', undefined, USUAL, 'yes'],
  ['demo', undefined, SOME, 'yes'],
  ['team-a', undefined, SOME, 'yes'],
  ['team', undefined, SOME, 'NamespaceDenied'],
  ['default', undefined, SOME, 'NamespaceDenied'],
  ['kube-dns', undefined, SOME, 'NamespaceDenied'],
  ['demo', undefined, { ...USUAL, allowed: [] }, 'NamespaceDenied'],
  // What it says wins.
  ['kube-flannel', 'all', USUAL, 'yes'],
  ['default', 'all', SOME, 'yes'],
  ['kube-flannel', ['east', 'north'], USUAL, 'yes'],
  ['demo', ['north'], USUAL, 'ImportDenied'],
  ['demo', 'none', USUAL, 'ImportDenied'],
  ['demo', 'invalid', USUAL, 'BadImport'],
  // Nobody opens what is reserved.
  ['kube-system', 'all', USUAL, 'NamespaceDenied'],
  ['hub', ['east'], USUAL, 'NamespaceDenied'],
])('H10: into %s with label %p and flags %j from east: %s', (namespace, imports, rules, expected) => {
  const consent = imports === undefined ? {} : { imports };
  const refusal = importRefusal({ namespace, exporter: 'east', target: 'west', consent, rules });
  expect(refusal?.reason ?? 'yes').toBe(expected);
  // Each says what to do.
  if (refusal !== undefined) expect(refusal.remedy).toMatch(/run there: kubectl label|write all, none|move the Service/);
});

test('H10: the command that a refusal names keeps what the label says', () => {
  const ask = (imports: NamespaceConsent['imports']): string | undefined =>
    importRefusal({
      namespace: 'demo',
      exporter: 'east',
      target: 'west',
      consent: { ...(imports !== undefined && { imports }) },
      rules: USUAL,
    })?.remedy;
  expect(ask(['a', 'north'])).toMatch(/kubectl label --overwrite namespace demo kilofed\.io\/import=a_east_north$/);
  expect(ask('none')).toMatch(/kilofed\.io\/import=east$/);
});

test.each<[string, readonly string[] | undefined, string]>([
  ['demo', undefined, 'yes'],
  ['demo', ['demo'], 'yes'],
  ['demo', ['dem*'], 'yes'],
  ['demo', ['*'], 'yes'],
  ['demo', ['demo-*', 'de', 'demos'], 'ExportDenied'],
  ['demo', [], 'ExportDenied'],
  ['kube-flannel', undefined, 'yes'],
  ['kube-system', ['*'], 'NamespaceDenied'],
])('H10: east exports from %s, with terms %p: %s', (namespace, exportNamespaces, expected) => {
  const refusal = exportRefusal({ namespace, member: 'east', exportNamespaces, rules: USUAL });
  expect(refusal?.reason ?? 'yes').toBe(expected);
});
