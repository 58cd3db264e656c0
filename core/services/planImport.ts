/**
 * One service in one importing member: the Service that stands for it, the mirrored EndpointSlices, the ServiceImport.
 */
import { ANNOTATION, DERIVED_SERVICE_ANNOTATION, HUB_MANAGER, LABEL, MCS_LABEL } from '../api/names.js';
import { exportRequest } from './annotations.js';
import type { EndpointSliceObject, Exporter, ServiceImportObject, ServiceObject } from './importParts.js';
import { byPrecedence, mergeServices, type MergedService, standingName } from './merge.js';
import { mirrorSlices } from './mirrorSlices.js';
import type { ServicePort, ServiceRecord } from './model.js';
import { derivedServiceName, type Sha256 } from './names.js';
import { withOwnHash } from './ownHash.js';

/** Who has a name in the importing member. */
export type Holder = 'none' | 'foreign' | 'ours';

export interface ImportInput {
  readonly namespace: string;
  readonly name: string;
  readonly target: {
    readonly id: string;
    readonly ipFamilies: readonly ('IPv4' | 'IPv6')[];
    readonly namespace: 'present' | 'absent' | 'terminating';
    /** The Service of the exporter's own name there, and that of the derived name. */
    readonly sameNamed: Holder;
    readonly derived: Holder;
  };
  /** Every member that exports it, the target itself too. */
  readonly exporters: readonly Exporter[];
  readonly deniedNamespaces: readonly string[];
  readonly sha256: Sha256;
}

export type ImportPlan =
  /** Nobody exports it to this member: nothing of ours is to be there. */
  | { readonly kind: 'none' }
  | { readonly kind: 'refused' | 'pending'; readonly reason: string; readonly message: string }
  | {
      readonly kind: 'mirror';
      readonly service: ServiceObject;
      readonly slices: readonly EndpointSliceObject[];
      readonly import: ServiceImportObject;
      /** What is mirrored less than asked for, and why. */
      readonly notes: readonly string[];
    };

export function planImport(input: ImportInput): ImportPlan {
  const meant = input.exporters.filter(({ service }) => isMeantFor(service, input.target.id));
  const others = meant.filter(({ service }) => service.cluster !== input.target.id);
  if (others.length === 0) return { kind: 'none' };
  if (input.deniedNamespaces.includes(input.namespace)) {
    return { kind: 'refused', reason: 'NamespaceDenied', message: `services of namespace ${input.namespace} are not mirrored` };
  }
  const usable = meant.filter(({ severed }) => severed === undefined);
  if (!usable.some(({ service }) => service.cluster !== input.target.id)) {
    return { kind: 'refused', reason: 'ClustersNotLinked', message: others.map(({ service, severed }) => `${service.cluster}: ${severed}`).join('; ') };
  }
  if (input.target.namespace !== 'present') return withoutNamespace(input);
  const merged = mergeServices(usable.map(({ service }) => service)) as MergedService;
  const families = merged.ipFamilies.filter((family) => input.target.ipFamilies.includes(family));
  if (families.length === 0) {
    return { kind: 'refused', reason: 'IPFamilyNotSupported', message: `${input.target.id} has no ${merged.ipFamilies.join(' and ')}` };
  }
  if (merged.ports.length === 0 && !merged.headless) {
    return { kind: 'refused', reason: 'NoPorts', message: `${input.namespace}/${input.name} has no port that a Service can have` };
  }
  const name = serviceName(input);
  if (name === undefined) {
    return { kind: 'refused', reason: 'NameTaken', message: `${input.target.id} has a Service of the derived name that is not ours: remove it` };
  }
  return mirror(input, { usable, merged, families, name });
}

/** Only namespaces that are there are imported into (KEP-1645); one that is being deleted takes no new objects. */
function withoutNamespace({ namespace, target }: ImportInput): ImportPlan {
  return target.namespace === 'terminating'
    ? { kind: 'pending', reason: 'NamespaceTerminating', message: `namespace ${namespace} of ${target.id} is being deleted` }
    : { kind: 'pending', reason: 'NamespaceMissing', message: `create namespace ${namespace} in ${target.id} to import it there` };
}

/** Own name where no such Service exists, else the derived one; what was chosen once, stays. */
function serviceName({ namespace, name, target, sha256 }: ImportInput): string | undefined {
  if (target.sameNamed === 'ours') return name;
  const derived = derivedServiceName(namespace, name, sha256);
  if (target.derived === 'ours') return derived;
  if (target.sameNamed === 'none') return name;
  return target.derived === 'none' ? derived : undefined;
}

function mirror(
  input: ImportInput,
  chosen: {
    readonly usable: readonly Exporter[];
    readonly merged: MergedService;
    readonly families: readonly ('IPv4' | 'IPv6')[];
    readonly name: string;
  },
): ImportPlan {
  const { namespace, sha256 } = input;
  const { merged, families, name } = chosen;
  // The target's own endpoints are behind its own Service of this name already; only a derived one has to repeat them.
  const sources = chosen.usable
    .filter(({ service }) => service.cluster !== input.target.id || name !== input.name)
    .toSorted((a, b) => byPrecedence(a.service, b.service));
  const mirrored = sources.map((source) => mirrorSlices(source, { service: name, merged, families, sha256 }));
  const severed = input.exporters.filter((each) => each.severed !== undefined && isMeantFor(each.service, input.target.id));
  const importObject: ServiceImportObject = {
    apiVersion: 'multicluster.x-k8s.io/v1beta1',
    kind: 'ServiceImport',
    metadata: {
      name: input.name,
      namespace,
      labels: { [LABEL.managedBy]: HUB_MANAGER },
      annotations: { [DERIVED_SERVICE_ANNOTATION]: name },
    },
    spec: {
      type: merged.headless ? 'Headless' : 'ClusterSetIP',
      ports: merged.ports.map(portObject),
      ipFamilies: families,
      ...(merged.headless ? {} : affinityOf(merged)),
    },
  };
  return {
    kind: 'mirror',
    service: withOwnHash(serviceObject(input, chosen), sha256),
    slices: unique(mirrored.flatMap(({ slices }) => slices)).map((slice) => withOwnHash(slice, sha256)),
    import: withOwnHash(importObject, sha256),
    notes: [...mirrored.flatMap(({ notes }) => notes), ...severed.map(({ service, severed: reason }) => `${service.cluster}: ${reason}`).toSorted()],
  };
}

/** No selector, so that kube-controller-manager leaves the slices alone; never anything that is the exporter's own, such as addresses or node ports. */
function serviceObject(
  input: ImportInput,
  chosen: { readonly merged: MergedService; readonly families: readonly ('IPv4' | 'IPv6')[]; readonly name: string },
): ServiceObject {
  const { merged, families } = chosen;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: chosen.name,
      namespace: input.namespace,
      labels: { [LABEL.managedBy]: HUB_MANAGER, [MCS_LABEL.serviceName]: input.name },
      annotations: { [ANNOTATION.source]: `${input.namespace}/${input.name}` },
    },
    spec: {
      type: 'ClusterIP',
      ...(merged.headless ? { clusterIP: 'None' } : {}),
      ports: merged.ports.map((port) => portObject({ ...port, name: standingName(port.name, merged) })),
      ipFamilyPolicy: families.length > 1 ? 'PreferDualStack' : 'SingleStack',
      ipFamilies: families,
      ...(merged.headless ? { sessionAffinity: 'None' } : affinityOf(merged)),
      publishNotReadyAddresses: merged.publishNotReadyAddresses,
    },
  };
}

/** The configuration of an affinity that is None is refused by the API server. */
function affinityOf({ sessionAffinity, sessionAffinitySeconds }: MergedService): Readonly<Record<string, unknown>> {
  if (sessionAffinity === 'None' || sessionAffinitySeconds === undefined) return { sessionAffinity };
  return { sessionAffinity, sessionAffinityConfig: { clientIP: { timeoutSeconds: sessionAffinitySeconds } } };
}

/** Sorted. A member that shows two slices of one UID shows one too many. */
function unique(slices: readonly EndpointSliceObject[]): EndpointSliceObject[] {
  const byName = new Map(slices.toReversed().map((slice) => [slice.metadata.name, slice]));
  return [...byName.values()].toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

function isMeantFor(service: ServiceRecord, target: string): boolean {
  const request = exportRequest(service.annotations);
  if (!request.exported || service.type === 'ExternalName') return false;
  return service.cluster === target || request.targets === undefined || request.targets.includes(target);
}

function portObject(port: ServicePort): ServicePort {
  const { name, ...rest } = port;
  return (name === '' ? rest : { name, ...rest }) as ServicePort;
}
