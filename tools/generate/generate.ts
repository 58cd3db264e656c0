/**
 * Writes what is generated from the sources: the CustomResourceDefinitions in `manifests/` and in the Helm chart, the schema of the chart's
 * values, the manifests that are the chart's rendering with its presets, and the fields of the Mesh in `docs/reference.md`.
 *
 * Those of the Multi-Cluster Services API lie apart from the others: they belong to everyone who implements it, so ours
 * must never replace somebody else's, perhaps newer, ones.
 */
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { dump } from 'js-yaml';
import { customResourceDefinitions } from '../../core/api/crd.js';
import { closed } from '../chart/closed.js';
import { MANIFESTS, renderManifest } from '../chart/render.js';
import { valuesSchema } from '../chart/values.js';
import { withFields } from './reference.js';

interface GeneratedFile {
  /** Relative to the repository's root. */
  readonly path: string;
  readonly text: string;
}

const ROOT = resolve(import.meta.dirname, '../../..');

const GENERATED = '# Generated from core/api by `npm run generate`: change the schema there, not here.';

const OWN = `${GENERATED}
# Safe to apply again: kubectl apply --server-side -f manifests/crds/
`;

const PEERS = `${GENERATED}
# Safe to apply again, also over Kilo's own peers.kilo.squat.ai: it takes the same objects and adds rules and a status.
`;

const SHARED = `${GENERATED}
#
# The Multi-Cluster Services API (KEP-1645), as mcs-api v0.5.0 defines it. Other software may have installed it already,
# perhaps newer; then keep theirs. So create, never apply: what is there stays as it is.
#
#   kubectl create -f manifests/crds-multicluster.yaml
#
# "AlreadyExists" is fine as long as the version v1beta1 is served:
#
#   kubectl get crd serviceexports.multicluster.x-k8s.io -o jsonpath='{.spec.versions[?(@.served)].name}'
`;

export function generatedFiles(): readonly GeneratedFile[] {
  const crds = customResourceDefinitions();
  const mesh = crds.mesh.spec.versions[0]?.schema.openAPIV3Schema ?? {};
  const kinds = [
    { name: 'crds/meshes', text: yaml(OWN, kept(crds.mesh)) },
    { name: 'crds/meshnodes', text: yaml(OWN, kept(crds.meshNode)) },
    { name: 'crds/gatewayreports', text: yaml(OWN, kept(crds.gatewayReport)) },
    { name: 'crds/nodepolicies', text: yaml(OWN, kept(crds.nodePolicy)) },
    { name: 'crds/peers', text: yaml(PEERS, kept(crds.peer)) },
    { name: 'crds-multicluster', text: yaml(SHARED, kept(crds.serviceExport), kept(crds.serviceImport)) },
  ];
  return [
    ...kinds.flatMap(({ name, text }) => [
      { path: `manifests/${name}.yaml`, text },
      { path: `charts/kilofed/templates/${name.replace('/', '-')}.yaml`, text: template(name, text) },
    ]),
    {
      path: 'charts/kilofed/values.schema.json',
      text: `${JSON.stringify(valuesSchema(closed(mesh.properties?.['spec'] ?? {})), undefined, 2)}\n`,
    },
    ...MANIFESTS.map((name) => ({ path: `manifests/${name}.yaml`, text: renderManifest(ROOT, name) })),
    { path: 'docs/reference.md', text: withFields(readFileSync(join(ROOT, 'docs/reference.md'), 'utf8'), mesh) },
  ];
}

/** Helm leaves them when it uninstalls: with a kind, all objects of it would go. */
function kept<T extends { readonly metadata: object }>(crd: T): T {
  return { ...crd, metadata: { ...crd.metadata, annotations: { 'helm.sh/resource-policy': 'keep' } } };
}

/** Of a manifest with kinds, which has nothing to fill in. */
function template(name: string, text: string): string {
  const value = name === 'crds-multicluster' ? '.Values.crds.multicluster' : '.Values.crds.install';
  return `{{- if and (ne .Values.role "hub") ${value} }}\n${text}{{- end }}\n`;
}

function yaml(header: string, ...documents: readonly unknown[]): string {
  return header + documents.map((each) => `---\n${dump(each, { noRefs: true, lineWidth: 120 })}`).join('');
}

async function main(root: string): Promise<void> {
  for (const { path, text } of generatedFiles()) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
    process.stdout.write(`${path}\n`);
  }
}

if (process.argv[1] === import.meta.filename) await main(ROOT);
