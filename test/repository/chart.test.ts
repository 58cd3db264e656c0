/**
 * charts/kilofed, as far as it can be judged without Helm. test/apiserver/helm.test.ts has the rest.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import { load, loadAll } from 'js-yaml';
import { VERSION } from '../../core/api/version.js';

const ROOT = resolve(import.meta.dirname, '../../..');
const CHART = join(ROOT, 'charts/kilofed');
const templates = readdirSync(join(CHART, 'templates')).map((name) => readFileSync(join(CHART, 'templates', name), 'utf8'));

test('its version and that of its images is ours', () => {
  expect(load(readFileSync(join(CHART, 'Chart.yaml'), 'utf8'))).toMatchObject({ version: VERSION, appVersion: VERSION });
  expect(load(readFileSync(join(CHART, 'values.yaml'), 'utf8'))).toMatchObject({
    images: { agents: `ghcr.io/kilofed/kilofed:${VERSION}`, hub: `ghcr.io/kilofed/kilofed-hub:${VERSION}` },
  });
});

test('it has no hooks, asks the cluster for nothing, and keeps its kinds in templates', () => {
  expect(templates.length).toBeGreaterThan(10);
  for (const text of templates) expect(text).not.toMatch(/helm\.sh\/hook|\blookup\b|\.Capabilities/);
  expect(readdirSync(CHART)).not.toContain('crds');
});

test('every kind and the Mesh stay when it is uninstalled', () => {
  const texts = templates.filter((text) => /^kind: (CustomResourceDefinition|Mesh|Namespace)$/m.test(text));
  expect(texts).toHaveLength(8);
  for (const text of texts) {
    const kinds = text.match(/^kind: /gm) ?? [];
    expect(text.match(/^ {4}helm\.sh\/resource-policy: keep$/gm)).toHaveLength(kinds.length);
  }
});

test('the kustomization has every file of a member but the kinds that others may have brought', () => {
  const { resources } = load(readFileSync(join(ROOT, 'manifests/kustomization.yaml'), 'utf8')) as { readonly resources: readonly string[] };
  const crds = readdirSync(join(ROOT, 'manifests/crds')).map((name) => `crds/${name}`);
  expect(resources).toEqual([...crds.toSorted(), 'cluster.yaml', 'member.yaml']);
  const names = resources.flatMap((file) =>
    (loadAll(readFileSync(join(ROOT, 'manifests', file), 'utf8')) as { kind: string; metadata: { name: string } }[]).map(
      ({ kind, metadata }) => `${kind}/${metadata.name}`,
    ),
  );
  expect(names).toContain('DaemonSet/node-agent');
});
