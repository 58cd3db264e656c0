import { describe, expect, test } from '@jest/globals';
import type { OwnKind } from './ownObjects.js';
import { isHubs } from './ownership.js';

interface Change {
  readonly labels?: Readonly<Record<string, string | undefined>>;
  readonly annotations?: Readonly<Record<string, string | undefined>>;
  readonly managedFields?: unknown;
  readonly spec?: unknown;
}

/** As the hub wrote it and an API server stored it, and then changed. */
function mirror({ labels, annotations, managedFields = [by('kilofed-hub', 'Apply')], spec }: Change): object {
  return {
    metadata: {
      name: 'web',
      namespace: 'demo',
      labels: { 'kilofed.io/managed-by': 'kilofed-hub', 'endpointslice.kubernetes.io/managed-by': 'kilofed-hub', ...labels },
      annotations: { 'kilofed.io/hash': '0123456789abcdef', ...annotations },
      managedFields,
    },
    spec: { type: 'ClusterIP', clusterIP: '10.96.0.7', ports: [{ port: 80 }], ...(spec as object) },
  };
}

function by(manager: string, operation: 'Apply' | 'Update', fields: readonly string[] = ['f:spec'], subresource?: string): object {
  const fieldsV1 = Object.fromEntries(fields.map((field) => [field, {}]));
  return { manager, operation, fieldsV1, ...(subresource !== undefined && { subresource }) };
}

const OURS = by('kilofed-hub', 'Apply');
const LAST_APPLIED = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
const NO_HASH = { 'kilofed.io/hash': undefined };

describe('I3: an object with the label of the hub is', () => {
  test.each<[what: string, kind: OwnKind, change: Change, hubs: boolean]>([
    ['as the hub wrote it', 'service', {}, true],
    ['as the hub wrote it, from an API server that notes no managers', 'service', { managedFields: undefined }, true],
    ['as the hub wrote it, and its annotations were removed', 'service', { annotations: NO_HASH }, true],
    ['restored from a backup, byte by byte', 'service', { managedFields: [by('velero-server', 'Update')] }, true],
    ['edited: its ports', 'service', { managedFields: [OURS, by('kubectl-edit', 'Update')], spec: { ports: [] } }, true],
    ['annotated and labelled by others', 'service', { labels: { team: 'a' }, annotations: { note: 'b' } }, true],
    ['annotated by others by server-side apply', 'service', { managedFields: [OURS, by('argocd', 'Apply', ['f:metadata'])] }, true],
    ['given a status by others', 'service', { managedFields: [OURS, by('ccm', 'Apply', ['f:status'])] }, true],
    ['given a status by others, as of late', 'peer', { managedFields: [OURS, by('x', 'Apply', ['f:spec'], 'status')] }, true],
    ['changed by another program of ours', 'endpointSlice', { managedFields: [OURS, by('kilofed-cluster-agent', 'Apply')] }, true],

    ['labelled by a person', 'service', { annotations: NO_HASH, managedFields: [by('kubectl-label', 'Update')] }, false],
    ['edited: its selector', 'service', { spec: { selector: { app: 'web' } } }, false],
    ['edited: its type', 'service', { spec: { type: 'NodePort' } }, false],
    ['edited: to an outside name', 'service', { spec: { type: 'ExternalName', externalName: 'example.com' } }, false],
    ['edited: external addresses', 'service', { spec: { externalIPs: ['203.0.113.7'] } }, false],
    ['applied by kubectl', 'service', { annotations: LAST_APPLIED }, false],
    ['applied by kubectl with a selector', 'service', { annotations: LAST_APPLIED, spec: { selector: { app: 'web' } } }, false],
    ['applied by the server', 'service', { managedFields: [OURS, by('kubectl', 'Apply')] }, false],
    ['installed by Helm', 'service', { annotations: { 'meta.helm.sh/release-name': 'web' } }, false],
    ['applied by a person over a ServiceImport', 'serviceImport', { annotations: LAST_APPLIED }, false],
    ['applied by a person over a ServiceExport', 'serviceExport', { annotations: LAST_APPLIED }, false],
    ['applied by a person over a Peer', 'peer', { managedFields: [OURS, by('flux', 'Apply')] }, false],
    [
      'applied by a person over an EndpointSlice',
      'endpointSlice',
      { managedFields: [OURS, by('kubectl', 'Apply', ['f:endpoints'])] },
      false,
    ],
    [
      'the slice of a controller that copied the labels of a Service',
      'endpointSlice',
      {
        annotations: NO_HASH,
        labels: { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' },
        managedFields: [by('kube-controller-manager', 'Update', ['f:endpoints'])],
      },
      false,
    ],
    [
      'the slice of a controller that copied annotations, too',
      'endpointSlice',
      { labels: { 'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io' } },
      false,
    ],
    ['without the label', 'service', { labels: { 'kilofed.io/managed-by': undefined } }, false],
    ['with the label of somebody else', 'service', { labels: { 'kilofed.io/managed-by': 'me' } }, false],

    ['what was applied, and then handed over', 'service', { annotations: { ...LAST_APPLIED, 'kilofed.io/hand-over': 'done' } }, true],
    ['handed over, but not taken yet', 'service', { annotations: { ...LAST_APPLIED, 'kilofed.io/hand-over': 'true' } }, false],
    [
      'handed over, and applied again',
      'service',
      { annotations: { ...LAST_APPLIED, 'kilofed.io/hand-over': 'done' }, spec: { selector: { app: 'web' } } },
      false,
    ],

    ['noted by its API server in ways that there are not', 'service', { managedFields: 'x', spec: { type: 5, selector: 'y' } }, true],
  ])('%s (%s)', (_what, kind, change, hubs) => {
    expect(isHubs(kind, mirror(change))).toBe(hubs);
  });

  test.each([null, 5, 'x', {}, { metadata: null }, { metadata: { labels: 'kilofed-hub' } }])(
    'nothing, and not of the hub: %j',
    (object) => {
      expect(isHubs('service', object)).toBe(false);
    },
  );
});
