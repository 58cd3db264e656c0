/**
 * The rules of the Multi-Cluster Services API (KEP-1645, mcs-api v0.5.0), numbered by subject: 1.1 objects and fields, 1.2 conditions
 * and reasons, 1.3 conflicts, 1.4 addresses, headless Services and EndpointSlices, 1.5 DNS, 1.6 namespaces, lifecycle, identity.
 *
 * Each has exactly one test or a written reason why not: test/docs/conformance.test.ts holds that, and docs/conformance.md.
 */
import type { Rule } from './rule.js';

const API = 'mcs-api, config/crd';
const TYPES = 'mcs-api, pkg/apis/v1beta1';
const REFERENCE = 'mcs-api, controllers';

/** Asked of a real CoreDNS: by pods, or of one that looks at objects as the hub writes them. */
const byPods = (test: string): Rule['heldBy'] & object => ({ file: 'test/e2e/dns.test.ts', test });
const byObjects = (test: string): Rule['heldBy'] & object => ({ file: 'test/apiserver/dns.test.ts', test });

export const RULES = {
  '1.1.group': {
    text: 'ServiceExport (svcex, svcexport), ServiceImport (svcim, svcimport): namespaced kinds of multicluster.x-k8s.io, with a status',
    source: API,
  },
  '1.1.versions': { text: 'v1alpha1 and v1beta1 are served, v1beta1 is stored, and an export of either is read in both', source: API },
  '1.1.release': { text: 'The definitions say of which release of the API they are, so that no installer goes back', source: API },
  '1.1.binding': { text: 'The name and namespace of a ServiceExport are the whole binding to its Service', source: 'Exporting Services' },
  '1.1.annotations-are-one': {
    text: 'A Service that has both the annotation and a ServiceExport is one export',
    source: 'Kilofed: docs/export-a-service.md',
  },
  '1.1.exportedLabels': {
    text: 'exportedLabels reach the import, and no label of the Service or of the ServiceExport does',
    source: 'Exporting labels/annotations',
  },
  '1.1.exportedAnnotations': {
    text: 'exportedAnnotations reach the import, and no annotation of the Service or of the ServiceExport does',
    source: 'Exporting labels/annotations',
  },
  '1.1.export-conditions': { text: 'The conditions of a ServiceExport are one of each type, whole', source: TYPES },
  '1.1.ports': { text: 'An import has name, protocol, appProtocol and port of each port, and no targetPort', source: 'Service Port' },
  '1.1.ports.default': { text: 'A port that says no protocol is TCP in the import', source: 'Service Port' },
  '1.1.ipFamilies': { text: 'ipFamilies of an import have no duplicates, and are those of its addresses in their order', source: TYPES },
  '1.1.type': { text: 'A Service with an address becomes an import of type ClusterSetIP, in every cluster', source: 'Service Types' },
  '1.1.sessionAffinity': { text: 'sessionAffinity and its config are those of the Service', source: 'Session Affinity' },
  '1.1.sessionAffinity.headless': { text: 'A headless import has no session affinity', source: 'Session Affinity' },
  '1.1.internalTrafficPolicy': { text: 'internalTrafficPolicy is that of the Service', source: 'Internal Traffic Policy' },
  '1.1.trafficDistribution': { text: 'trafficDistribution is that of the Service', source: 'Traffic Distribution' },
  '1.1.clusters': { text: 'status.clusters lists the exporting clusters, each once', source: 'Importing Services' },
  '1.1.import-conditions': { text: 'The conditions of a ServiceImport are one of each type, whole', source: TYPES },
  '1.1.endpointSliceObjects': {
    text: 'status.endpointSliceObjects says Present or Absent',
    source: 'Importing Services',
    unmet: 'only in the text of the KEP: the ServiceImport of mcs-api v0.5.0 has no such field, and an API server would drop it',
  },
  '1.1.cluster-id': {
    text: 'The id of a cluster is one DNS label, so that it is valid in status.clusters, in labels and in DNS',
    source: 'DNS; KEP-2149 allows a subdomain',
    heldBy: { file: 'hub/members/directory.test.ts', test: '%s is a problem, not a member' },
  },

  '1.2.Valid': { text: 'Valid is True with reason Valid for a well-formed export', source: TYPES },
  '1.2.Valid.NoService': { text: 'Valid is False with reason NoService where there is no Service of that name', source: TYPES },
  '1.2.Valid.InvalidServiceType': {
    text: 'Valid is False with reason InvalidServiceType for a Service of type ExternalName, which gets no import',
    source: 'Service Types',
  },
  '1.2.Valid.follows': { text: 'Valid follows when the Service comes and when it goes', source: TYPES },
  '1.2.Ready.Exported': { text: 'Ready is True with reason Exported once the export stands in the importing clusters', source: TYPES },
  '1.2.Ready.Pending': {
    text: 'Ready is False with reason Pending or Failed while a cluster cannot import it, and True again then',
    source: TYPES,
  },
  '1.2.Ready.Unknown': {
    text: 'Ready is Unknown with reason Pending before anything is known',
    source: TYPES,
    unmet: 'not needed: the hub writes no condition before it knows, and then at once',
  },
  '1.2.Conflict.NoConflicts': { text: 'Conflict is False with reason NoConflicts where exports agree', source: TYPES },
  '1.2.Conflict.all': {
    text: 'Conflict is True on every export of the Service, not only on the one that loses',
    source: 'Constraints and Conflict Resolution',
  },
  '1.2.Conflict.joined': { text: 'Several reasons of Conflict stand in one reason, with commas', source: TYPES },
  '1.2.Conflict.length': {
    text: 'All nine reasons of Conflict together fit into one reason',
    source: 'metav1.Condition: 1024 characters',
  },
  '1.2.import.Ready': { text: 'Ready of a ServiceImport is True with reason Ready once it can be used', source: TYPES },
  '1.2.import.IPFamilyNotSupported': {
    text: 'Ready of a ServiceImport is False with reason IPFamilyNotSupported in a cluster without any of its IP families',
    source: TYPES,
  },
  '1.2.import.Pending': {
    text: 'Ready of a ServiceImport is False or Unknown with reason Pending while it cannot be used yet',
    source: TYPES,
    unmet: 'not needed: the hub writes an import after the Service and the slices that it stands for, and says Ready with it',
  },

  '1.3.oldest': {
    text: 'Of several exports the oldest decides',
    source: 'Global Properties',
    differs:
      'the oldest as the hub saw it, not by creationTimestamp, which a hostile member sets to 1970 ' +
      '(docs/decisions/0025-who-stands-is-not-displaced.md)',
  },
  '1.3.traffic': { text: 'Traffic does not change when a conflict appears', source: 'Global Properties' },
  '1.3.end': { text: 'A conflict that ends is told no more, and the import stays usable', source: 'Global Properties' },
  '1.3.order': {
    text: 'The end does not depend on the order in which namespace, Service, export, slices and second exporter come',
    source: 'Global Properties',
  },
  '1.3.ports.union': { text: 'The import has the ports of all exports, and a mere difference is a PortConflict', source: 'Service Port' },
  '1.3.ports.name': { text: 'Of two ports of one name that of the oldest export wins: PortConflict', source: 'Service Port' },
  '1.3.ports.number': {
    text: 'Of two ports of one protocol and number that of the oldest export wins: PortConflict',
    source: 'Service Port',
  },
  '1.3.ports.nameless': { text: 'The empty name counts as a name: two nameless ports are not both in the import', source: 'Service Port' },
  '1.3.ports.strict': {
    text: 'Traffic to a port reaches only endpoints of Services that expose that port: the same name with another number does not count',
    source: 'Service Port',
  },
  '1.3.ports.strict.union': { text: 'Traffic to a port that one export has reaches only its endpoints', source: 'Service Port' },
  '1.3.headless': { text: 'Headlessness is that of the oldest export: TypeConflict', source: 'Headlessness' },
  '1.3.headless.first': { text: 'Headless stays headless when an export with an address comes: TypeConflict', source: 'Headlessness' },
  '1.3.sessionAffinity': { text: 'sessionAffinity is that of the oldest export: SessionAffinityConflict', source: 'Session Affinity' },
  '1.3.sessionAffinityConfig': {
    text: 'sessionAffinityConfig is that of the oldest export: SessionAffinityConfigConflict',
    source: 'Session Affinity',
  },
  '1.3.internalTrafficPolicy': {
    text: 'internalTrafficPolicy is that of the oldest export: InternalTrafficPolicyConflict',
    source: 'Internal Traffic Policy',
  },
  '1.3.trafficDistribution': {
    text: 'trafficDistribution is that of the oldest export: TrafficDistributionConflict',
    source: 'Traffic Distribution',
  },
  '1.3.exportedLabels': {
    text: 'The whole map of exportedLabels is that of the oldest export: LabelsConflict',
    source: 'Labels and Annotations',
  },
  '1.3.exportedAnnotations': {
    text: 'The whole map of exportedAnnotations is that of the oldest export: AnnotationsConflict',
    source: 'Labels and Annotations',
  },
  '1.3.ipFamilies': { text: 'Different IP families are an IPFamilyConflict', source: 'IP Family' },
  '1.3.NodePort': { text: 'NodePort is exported as ClusterSetIP, and its node ports stay local', source: 'Service Types' },
  '1.3.LoadBalancer': { text: 'LoadBalancer is exported as ClusterSetIP, and its node ports stay local', source: 'Service Types' },

  '1.4.ips': { text: 'A ClusterSetIP import has one address of each of its IP families', source: 'ClusterSetIP' },
  '1.4.ips.stable': { text: 'They stay while endpoints, ports and exporters come and go', source: 'ClusterSetIP' },
  '1.4.ips.headless': { text: 'A headless import has type Headless in every cluster, and no address', source: 'ClusterSetIP' },
  '1.4.empty': { text: 'An export without endpoints keeps its import and its addresses', source: 'ClusterSetIP' },
  '1.4.slices.source': {
    text: 'An EndpointSlice has endpoints of one cluster only, and says of which',
    source: 'Using EndpointSlice objects',
  },
  '1.4.slices.labels': {
    text: 'multicluster.kubernetes.io/service-name and /source-cluster are on every slice',
    source: 'Using EndpointSlice objects',
  },
  '1.4.slices.managed-by': {
    text: "endpointslice.kubernetes.io/managed-by is not that of Kubernetes' own controller",
    source: 'Using EndpointSlice objects',
  },
  '1.4.slices.families': { text: 'Endpoints of IPv4 and of IPv6 are in slices of their own', source: 'Using EndpointSlice objects' },
  '1.4.slices.conditions': { text: 'ready, serving and terminating are those of the source', source: 'Using EndpointSlice objects' },
  '1.4.slices.hostnames': { text: 'Endpoints of a headless import have their host names', source: 'DNS' },
  '1.4.slices.gone': { text: 'They disappear when the export does', source: 'Using EndpointSlice objects' },
  '1.4.slices.owner': {
    text: 'A slice is owned by the ServiceImport, not as a controller',
    source: 'Using EndpointSlice objects, sample',
    unmet:
      'only in a sample of the KEP. The hub deletes in the order that drops no traffic, and never without a complete list; ' +
      'the garbage collector would do neither',
  },
  '1.4.derived.name': {
    text: 'A Service named derived- and a hash stands for an import, which names it in multicluster.kubernetes.io/derived-service',
    source: REFERENCE,
  },
  '1.4.derived.selectorless': { text: 'It has no selector, no node ports, and is joined by slices by its name', source: REFERENCE },
  '1.4.derived.ips': { text: 'Its addresses are those of the import', source: REFERENCE },
  '1.4.derived.ports': { text: 'Its ports follow those of the Service', source: 'mcs-api, issue 169' },
  '1.4.derived.owner': {
    text: 'The ServiceImport owns it',
    source: REFERENCE,
    unmet:
      'not in the KEP. Whoever deletes a ServiceImport would have the garbage collector take the address of the Service; ' +
      'the hub heals the import instead',
  },

  '1.5.a': {
    text: 'A and AAAA of <svc>.<ns>.svc.clusterset.local are the addresses of the import',
    source: 'DNS',
    heldBy: byPods('an imported Service: its name resolves to spec.ips of the import'),
  },
  '1.5.srv': {
    text: 'SRV of a ClusterSetIP import: one for each named port, to the name of the Service',
    source: 'DNS',
    heldBy: byObjects('ClusterSetIP, named port'),
  },
  '1.5.headless': {
    text: 'A and AAAA of a headless import are its ready endpoints, and NXDOMAIN without any',
    source: 'DNS',
    heldBy: byPods('a headless one without a ready pod is not there, nor one whose export has ended'),
  },
  '1.5.hostname': {
    text: '<hostname>.<cluster>.<svc>.<ns>.svc.clusterset.local is that endpoint',
    source: 'DNS',
    heldBy: byPods('a headless one: every pod, each by its own name, and its ports'),
  },
  '1.5.headless.srv': {
    text: 'SRV of a headless import: each ready endpoint with each named port',
    source: 'DNS',
    heldBy: byObjects('headless, named port'),
  },
  '1.5.cluster': {
    text: '<cluster>.<svc>.<ns>.svc.clusterset.local does not exist',
    source: 'DNS',
    heldBy: byPods('names that must not exist do not'),
  },
  '1.5.cluster-local': { text: 'cluster.local is as it was', source: 'DNS', heldBy: byObjects('for cluster.local as before') },
  '1.5.version': {
    text: 'TXT of dns-version.clusterset.local says which version of the schema is served',
    source: 'DNS specification, 2.2',
    heldBy: byObjects('the version of its schema'),
  },
  '1.5.ptr': { text: 'PTR is not required', source: 'No PTR records', unmet: 'nothing to hold: no PTR is promised' },

  '1.6.namespace.only': {
    text: 'A Service is imported only where its namespace is',
    source: 'Namespace Sameness and Multi-Cluster Services',
  },
  '1.6.namespace.all': { text: 'It is imported wherever its namespace is, in the exporting cluster, too', source: 'Importing Services' },
  '1.6.namespace.late': { text: 'A namespace that comes later gets what was exported before', source: 'Importing Services' },
  '1.6.not-exported': { text: 'A Service that nobody exports reaches no other cluster', source: 'Exporting Services' },
  '1.6.one-of-two': {
    text: 'Where two clusters have a Service and one exports it, only that one serves the import',
    source: 'Exporting Services',
  },
  '1.6.own-name': {
    text: 'The name in cluster.local stays free: a Service of it can be created, and has its own endpoints only',
    source: 'DNS: cluster.local does not change',
  },
  '1.6.exists-while-exported': { text: 'An import is there as long as anybody exports', source: 'Importing Services' },
  '1.6.last-export': { text: 'The end of the last export removes it everywhere', source: 'Importing Services' },
  '1.6.service-deleted': { text: 'So does the end of the Service, while its export stays', source: 'Exporting Services' },
  '1.6.again': { text: 'What is exported again is imported again', source: 'Exporting Services' },
  '1.6.people': { text: 'Nothing of a ServiceExport that a person made is changed but its status', source: 'Exporting Services' },
  '1.6.rename': {
    text: 'A cluster that is renamed leaves and joins',
    source: 'ClusterSet and cluster name',
    heldBy: { file: 'test/hub/lifecycleSuite.ts', test: 'a member that is removed leaves nothing behind, here and there' },
  },
  '1.6.write-imports': { text: 'Whoever may edit a namespace may not write ServiceImports', source: 'Importing Services' },
  '1.6.closed-namespaces': {
    text: "kube-system and other namespaces of the system's neither export nor import",
    source: 'Restricting Exports',
  },
  '1.6.refused-id': {
    text: 'A second cluster of an id is refused',
    source: 'KEP-2149, Well known properties',
    heldBy: { file: 'test/hub/identity.test.ts', test: 'M4: two members that were never seen before show one cluster' },
  },
  '1.6.cluster-property': {
    text: 'ClusterProperties cluster.clusterset.k8s.io and clusterset.k8s.io say who a cluster is',
    source: 'KEP-2149, Well known properties',
    unmet:
      'no ClusterProperty is written: the id of a member is what the hub was told, and the UID of kube-system proves that it is still ' +
      'the same cluster',
  },
} as const satisfies Readonly<Record<`${number}.${number}.${string}`, Rule>>;

export type RuleId = keyof typeof RULES;
