/**
 * Writes what is generated from the sources: the CustomResourceDefinitions in `manifests/`, the variant of `cluster.yaml` for CNI
 * mode, and the fields of the Mesh in `docs/reference.md`.
 *
 * Those of the Multi-Cluster Services API lie apart from the others: they belong to everyone who implements it, so ours
 * must never replace somebody else's, perhaps newer, ones.
 */
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { dump } from 'js-yaml';
import { customResourceDefinitions } from '../../core/api/crd.js';
import { withCni } from './cniManifest.js';
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
  return [
    { path: 'manifests/crds/meshes.yaml', text: yaml(OWN, crds.mesh) },
    { path: 'manifests/crds/meshnodes.yaml', text: yaml(OWN, crds.meshNode) },
    { path: 'manifests/crds/gatewayreports.yaml', text: yaml(OWN, crds.gatewayReport) },
    { path: 'manifests/crds/nodepolicies.yaml', text: yaml(OWN, crds.nodePolicy) },
    { path: 'manifests/crds/peers.yaml', text: yaml(PEERS, crds.peer) },
    { path: 'manifests/cluster-cni.yaml', text: withCni(readFileSync(join(ROOT, 'manifests/cluster.yaml'), 'utf8')) },
    { path: 'manifests/crds-multicluster.yaml', text: yaml(SHARED, crds.serviceExport, crds.serviceImport) },
    {
      path: 'docs/reference.md',
      text: withFields(readFileSync(join(ROOT, 'docs/reference.md'), 'utf8'), crds.mesh.spec.versions[0]?.schema.openAPIV3Schema ?? {}),
    },
  ];
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
