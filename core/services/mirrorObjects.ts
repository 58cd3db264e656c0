/**
 * The Service and the ServiceImport of a mirror.
 */
import { EXPORT_ANNOTATION } from '../api/exportNames.js';
import { ANNOTATION, DERIVED_SERVICE_ANNOTATION, HUB_MANAGER, LABEL, MCS_LABEL } from '../api/names.js';
import { type ChoicePolicy, writePolicy } from './choicePolicy.js';
import type { ServiceImportObject, ServiceObject } from './importParts.js';
import type { ServicePort, ServiceRecord } from './model.js';
import type { Sha256 } from './names.js';
import { nameOfNameless, type ServiceShape } from './serviceShape.js';
import { withOwnHash } from './withOwnHash.js';

interface MirrorParts {
  /** Of the exported Service, and so of the ServiceImport. */
  readonly namespace: string;
  readonly name: string;
  /** Name of the Service that stands for it; undefined: none does. */
  readonly service: string | undefined;
  readonly shape: ServiceShape;
  /** Those of the shape that the importing member has. */
  readonly families: readonly ('IPv4' | 'IPv6')[];
  /** The exporter that decides; undefined: it is not known now, and nothing of this is written. */
  readonly first: ServiceRecord | undefined;
  /** How it chooses among its exporters; undefined: it does not. */
  readonly choice?: ChoicePolicy | undefined;
  readonly sha256: Sha256;
}

/**
 * Has no selector, so that kube-controller-manager leaves the slices alone, and nothing that belongs to the exporter, such as addresses or
 * node ports. `exporters`: whom it names, where no ServiceImport can.
 */
export function serviceObject(parts: MirrorParts & { readonly service: string }, exporters: readonly string[] | undefined): ServiceObject {
  const { namespace, name, service, shape, families, sha256 } = parts;
  const nameless = nameOfNameless(shape);
  return withOwnHash(
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: service,
        namespace,
        labels: { [LABEL.managedBy]: HUB_MANAGER, [MCS_LABEL.serviceName]: name },
        annotations: {
          [ANNOTATION.source]: `${namespace}/${name}`,
          ...(exporters !== undefined && { [ANNOTATION.exporters]: exporters.join(',') }),
        },
      },
      spec: {
        type: 'ClusterIP',
        ...(shape.headless ? { clusterIP: 'None' } : {}),
        ports: shape.ports.map((port) => portObject({ ...port, name: port.name === '' ? nameless : port.name })),
        ipFamilyPolicy: families.length > 1 ? 'PreferDualStack' : 'SingleStack',
        ipFamilies: families,
        ...(shape.headless ? { sessionAffinity: 'None' } : affinityOf(shape)),
        publishNotReadyAddresses: shape.publishNotReadyAddresses,
        internalTrafficPolicy: isLocalOnly(parts) ? 'Local' : 'Cluster',
      },
    },
    sha256,
  );
}

/** Without addresses: the API server of the importing member chooses them, for the Service. */
export function serviceImportObject({
  namespace,
  name,
  service,
  shape,
  families,
  first,
  choice,
  sha256,
}: MirrorParts): ServiceImportObject {
  const { headless, ports, internalTrafficPolicy, trafficDistribution } = shape;
  return withOwnHash(
    {
      apiVersion: 'multicluster.x-k8s.io/v1beta1',
      kind: 'ServiceImport',
      metadata: {
        name,
        namespace,
        labels: { ...first?.exportedLabels, [LABEL.managedBy]: HUB_MANAGER },
        annotations: {
          ...first?.exportedAnnotations,
          ...(service !== undefined && { [DERIVED_SERVICE_ANNOTATION]: service }),
          ...(choice !== undefined && { [EXPORT_ANNOTATION.choice]: writePolicy(choice) }),
        },
      },
      spec: {
        type: headless ? 'Headless' : 'ClusterSetIP',
        ports: ports.map(portObject),
        ipFamilies: families,
        ...(headless ? {} : affinityOf(shape)),
        internalTrafficPolicy: internalTrafficPolicy ?? 'Cluster',
        ...(trafficDistribution !== undefined && { trafficDistribution }),
      },
    },
    sha256,
  );
}

/**
 * Whether the mirror serves only from endpoints of the client's own node. An importing member has none, so it drops everything. It is what
 * MCS says of a Service that is exported its way; an annotation asks for the Service to be reached from elsewhere.
 */
export function isLocalOnly({ shape, first }: Pick<MirrorParts, 'shape' | 'first'>): boolean {
  return shape.internalTrafficPolicy === 'Local' && first?.export.byServiceExport === true;
}

/** The API server refuses a configuration where the affinity is None. */
function affinityOf({ sessionAffinity, sessionAffinitySeconds }: ServiceShape): Readonly<Record<string, unknown>> {
  if (sessionAffinity === 'None' || sessionAffinitySeconds === undefined) return { sessionAffinity };
  return { sessionAffinity, sessionAffinityConfig: { clientIP: { timeoutSeconds: sessionAffinitySeconds } } };
}

function portObject(port: ServicePort): ServicePort {
  const { name, ...rest } = port;
  return (name === '' ? rest : { name, ...rest }) as ServicePort;
}
