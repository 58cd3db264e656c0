/**
 * What mirrors of Services get wrong elsewhere, each with the tests that hold what is right here, or why there is none.
 * test/docs/conformance.test.ts looks that each of these tests is there.
 */

interface Trap {
  readonly topic: string;
  /** What is right. */
  readonly right: string;
  /** Paths of sources, each with the names of tests or rows in it. */
  readonly heldBy?: Readonly<Record<string, readonly string[]>>;
  /** Why no test holds it, or a part of it. */
  readonly not?: string;
}

const CORE = 'core/services';

export const TRAPS: readonly Trap[] = [
  {
    topic: 'slice size',
    right: 'one slice for each source slice, with no more than an API server takes',
    heldBy: { [`${CORE}/planImport.test.ts`]: ['as many endpoints as a slice holds, of more'] },
  },
  {
    topic: 'moving endpoints between slices',
    right: 'added to one before it leaves the other',
    heldBy: { [`${CORE}/orderWrites.test.ts`]: ['an endpoint that moves to another slice is added there before it leaves the old one'] },
  },
  {
    topic: 'addressType',
    right: 'a slice of each family, under a name of its own',
    heldBy: { [`${CORE}/planImport.test.ts`]: ['two families: a slice of each, the first family first'] },
  },
  {
    topic: 'Endpoints API',
    right: 'neither read nor written: the hub has no right to',
    heldBy: { 'test/apiserver/rbac.test.ts': ['have these rights and no others'] },
  },
  {
    topic: 'EndpointSliceMirroring',
    right: 'slices of other controllers with the hub’s labels are left alone',
    heldBy: { 'test/hub/person.test.ts': ['S5, S25: what somebody else made under the hub’s label'] },
  },
  {
    topic: 'managed-by',
    right: 'a value of the hub’s own on every slice',
    heldBy: { [`${CORE}/planImport.test.ts`]: ['both managers are named, so that no other controller takes the slice for its own'] },
  },
  {
    topic: 'service-name label',
    right: 'the Service before its slices, its slices before the Service in deletions',
    heldBy: { [`${CORE}/orderWrites.test.ts`]: ['nothing there: the Service first, so that no slice names one that is not'] },
  },
  {
    topic: 'same-named local Service with selector',
    right: 'a derived Service beside it, unless its owner consents to more',
    heldBy: {
      'test/hub/serviceSuite.ts': ['derives another name where somebody has a Service of that name'],
      'test/hub/choice.test.ts': ['a value that is not understood is no consent'],
    },
  },
  {
    topic: 'selector-less Service for kube-proxy',
    right: 'no selector; ports of slices by name, with the number of the pod',
    heldBy: {
      [`${CORE}/planImport.test.ts`]: [
        'the Service has no selector, no address and no node port of the exporter',
        'a port without a name gets one where there are others, in Service and slices alike',
      ],
    },
  },
  {
    topic: 'clusterIP: None',
    right: 'made anew when its slices are ready, since the address cannot change',
    heldBy: { [`${CORE}/orderWrites.test.ts`]: ['it becomes headless: made anew when its slices are ready'] },
  },
  {
    topic: 'not-ready, terminating, publishNotReadyAddresses',
    right: 'ready, serving and terminating are copied as they are',
    heldBy: { [`${CORE}/planImport.test.ts`]: ['conditions are copied, node names and references are not there to copy, zones stay'] },
  },
  {
    topic: 'cluster health',
    right: 'API server and links are two signals; when all fail together, nothing changes',
    heldBy: {
      'test/hub/readiness.test.ts': ['S12: API server and links are two signals'],
      'test/hub/away.test.ts': ['all members fail together: nothing changes, however long that lasts'],
    },
  },
  {
    topic: 'hints, zone, nodeName',
    right: 'hints and node names of the source are dropped, zones stay',
    heldBy: { [`${CORE}/planImport.test.ts`]: ['conditions are copied, node names and references are not there to copy, zones stay'] },
    not: 'no hints are computed: which endpoints serve is chosen by what is held back, so that it holds without zones on nodes',
  },
  {
    topic: 'targetRef',
    right: 'dropped',
    heldBy: { 'test/hub/copies.test.ts': ['S14, S26, S27, S37: of what a source says beside its spec, nothing is in its mirror'] },
  },
  {
    topic: 'odd endpoints',
    right: 'only addresses that are routed; host-network ones by an address that is',
    heldBy: { 'test/hub/hostNetwork.test.ts': ['R8, I8: all nodes are reached'] },
  },
  {
    topic: 'session affinity',
    right: 'with its configuration, and without one where it is None; clients are seen by their own address',
    heldBy: {
      [`${CORE}/planImport.test.ts`]: ['session affinity: the configuration goes with it, and goes where it is None or headless'],
      'test/e2e/example.test.ts': ['is seen by its own address'],
    },
  },
  {
    topic: 'internalTrafficPolicy Local',
    right: 'copied, as the API says',
    heldBy: { 'test/conformance/objects.ts': ['1.1.internalTrafficPolicy'] },
  },
  {
    topic: 'trafficDistribution',
    right: 'copied, as the API says',
    heldBy: { 'test/conformance/objects.ts': ['1.1.trafficDistribution'] },
    not: 'no hints are written for it, as above: kube-proxy takes all endpoints of mirrored slices alike',
  },
  {
    topic: 'protocol, appProtocol',
    right: 'defaults are filled in before anything is compared',
    heldBy: { [`${CORE}/observed.test.ts`]: ['what API servers leave out or write as null has its default'] },
  },
  {
    topic: 'dual-stack',
    right: 'a slice for each family; an importer without a family is told',
    heldBy: {
      'test/e2e/families.test.ts': ['an exported Service has, of the families of its own cluster, those of the other'],
      'test/conformance/conditions.ts': ['1.2.import.IPFamilyNotSupported'],
    },
  },
  {
    topic: 'service types',
    right: 'nothing that belongs to the exporter is copied; ExternalName is refused',
    heldBy: {
      [`${CORE}/planImport.test.ts`]: ['the Service has no selector, no address and no node port of the exporter'],
      'test/conformance/conditions.ts': ['1.2.Valid.InvalidServiceType'],
    },
  },
  {
    topic: 'name limits',
    right: 'names end in a hash and fit',
    heldBy: { [`${CORE}/names.test.ts`]: ['a slice name fits a label, tells members apart, and ends in its hash'] },
  },
  {
    topic: 'namespace missing or terminating',
    right: 'told, and taken up when it is there',
    heldBy: {
      [`${CORE}/planImport.test.ts`]: ['a namespace that is being deleted'],
      'test/conformance/lifecycle.ts': ['1.6.namespace.late'],
    },
  },
  {
    topic: 'loops',
    right: 'a mirror is never exported, nor one cluster imported into itself, nor do two hubs write',
    heldBy: {
      'test/hub/copies.test.ts': ['S24: a mirror is not exported'],
      'test/hub/identity.test.ts': ['M4: two members that were never seen before show one cluster'],
      'test/hub/lease.test.ts': ['I2: a second hub of another federation touches nothing of what is owned, and says whose it is'],
    },
  },
  {
    topic: 'foreign objects',
    right: 'left alone, and named',
    heldBy: {
      'test/hub/person.test.ts': ['S5, S25: what somebody else made under the hub’s label'],
      [`${CORE}/planImport.test.ts`]: ['both taken by somebody: refused, nothing is adopted'],
    },
  },
  {
    topic: 'ownerReferences',
    right: 'not copied',
    heldBy: { 'test/hub/copies.test.ts': ['S14, S26, S27, S37: of what a source says beside its spec, nothing is in its mirror'] },
  },
  {
    topic: 'finalizers',
    right: 'neither copied, nor put on anybody’s object',
    heldBy: {
      'test/hub/copies.test.ts': ['S14, S26, S27, S37: of what a source says beside its spec, nothing is in its mirror'],
      'test/conformance/lifecycle.ts': ['1.6.people'],
    },
  },
  {
    topic: 'port change atomicity',
    right: 'no port of a mirror lacks the endpoints of before or after',
    heldBy: {
      [`${CORE}/properties.test.ts`]: ['S28: while a mirror changes, no port of its Service lacks the endpoints of before or after'],
      'test/hub/mirrorSuite.ts': ['while ports are renamed, swapped, added and removed, no port of the mirror lacks the endpoints it had'],
    },
  },
  {
    topic: 'resourceVersion, conflicts',
    right: 'applied by field manager; what differs is told by a hash of the content',
    heldBy: {
      'hub/controllers/writer.test.ts': ['writes nothing where nothing differs', 'applies with force what is ours and differs'],
      [`${CORE}/withOwnHash.test.ts`]: ['the hash does not depend on the order of keys, and does on every value'],
    },
  },
  {
    topic: 'watch: bookmarks, 410, silence',
    right: 'a reflector of our own: bookmarks, 410 as status and as event, pages, an idle watchdog',
    heldBy: {
      'kube/wire/reflector.test.ts': [
        'lists page by page, then watches from there with bookmarks',
        'a version that is too old',
        'a watch that ends at once is not asked for in a storm',
      ],
      'kube/wire/http2Client.test.ts': ['a watch on which nothing comes ends by its idle watchdog'],
    },
  },
  {
    topic: 'deletion while the hub was down; first sync',
    right: 'nothing goes without a complete list of the cluster that is registered, and much of it not without a second one',
    heldBy: {
      'hub/controllers/brake.test.ts': ['nothing goes before the first list, nor for another cluster'],
      'test/hub/faults.test.ts': ['a list that lost most of everything is asked for again before it is believed'],
      'test/hub/madeAnew.test.ts': ['I2, I10, S31: in any order and at any pace'],
    },
  },
  {
    topic: 'time',
    right: 'no time of a member decides; leases are judged by the hub’s own clock',
    heldBy: {
      [`${CORE}/precedence.test.ts`]: ['H7: any newcomers, with any fields, leave what stands byte for byte as it is'],
      'hub/members/lease.test.ts': ['S47: a hold ends before the Lease can expire'],
    },
  },
  {
    topic: 'destination namespace',
    right: 'always that in which the object was watched',
    heldBy: { [`${CORE}/planImport.test.ts`]: ['no slice of another member, namespace or Service'] },
  },
  {
    topic: 'addresses',
    right: 'only those that the exporter is registered with, and nothing special',
    heldBy: {
      [`${CORE}/properties.test.ts`]: [
        'what is written, an API server accepts, and every address is one that its exporter is registered with',
      ],
      'test/hub/admission.test.ts': ['C1: routes nothing of the Internet, nor of a network of the target'],
    },
  },
  {
    topic: 'sensitive namespaces',
    right: 'closed in both directions',
    heldBy: {
      'test/hub/consent.test.ts': ['L4: nothing is written into a reserved namespace'],
      'test/conformance/lifecycle.ts': ['1.6.closed-namespaces'],
    },
  },
  {
    topic: 'credentials',
    right: 'an account with what the hub needs and no more',
    heldBy: {
      'test/apiserver/rbac.test.ts': ['have these rights and no others'],
      'test/apiserver/rbacKubeconfig.test.ts': ['prints a kubeconfig with which the hub may do its work, and no more'],
    },
    not: 'no command tells which rights of a kubeconfig are too many',
  },
  {
    topic: 'metadata copying',
    right: 'only exportedLabels and exportedAnnotations',
    heldBy: {
      'test/hub/copies.test.ts': ['S14, S26, S27, S37: of what a source says beside its spec, nothing is in its mirror'],
      'test/conformance/objects.ts': ['1.1.exportedLabels', '1.1.exportedAnnotations'],
    },
  },
  {
    topic: 'remote ClusterIP as endpoint',
    right: 'pods by default',
    heldBy: { 'test/hub/serviceSuite.ts': ['mirrors an exported Service, follows its endpoints and ports'] },
  },
  {
    topic: 'tunnel node lost',
    right: 'readiness by location, not by cluster',
    heldBy: { 'test/hub/readiness.test.ts': ['S39: of a member with two locations, only what lies behind the one that is cut off'] },
  },
  {
    topic: 'CIDR overlap',
    right: 'that pair is refused, and nothing else',
    heldBy: { 'test/hub/lifecycleSuite.ts': ['refuses a pair whose ranges overlap, and nothing else'] },
  },
  {
    topic: 'peers and slices out of step',
    right: 'endpoints are ready when there is a link',
    heldBy: { 'test/hub/readiness.test.ts': ['S41: endpoints of a member that joins are ready when there is a link'] },
  },
  {
    topic: 'strict ports',
    right: 'a slice has only the ports that its own Service shares with the merged one',
    heldBy: {
      [`${CORE}/planImport.test.ts`]: ['a port that lost its conflict is not published: its number means something else now'],
      'test/conformance/conflicts.ts': ['1.3.ports.strict', '1.3.ports.strict.union'],
    },
  },
  {
    topic: 'headless meets ClusterSetIP',
    right: 'the loser’s pods in the winner’s shape, and Conflict on all',
    heldBy: { 'test/conformance/conflicts.ts': ['1.3.headless', '1.3.headless.first'] },
  },
  {
    topic: 'conflict clears',
    right: 'the shape stays until its owner leaves or changes',
    heldBy: {
      'test/hub/precedence.test.ts': ['H7: who stands changes its own ports; when it leaves, the next takes over'],
      'test/conformance/conflicts.ts': ['1.3.end'],
    },
  },
  {
    topic: 'labels/annotations conflict',
    right: 'the oldest’s whole map',
    heldBy: { 'test/conformance/conflicts.ts': ['1.3.exportedLabels', '1.3.exportedAnnotations'] },
  },
  {
    topic: 'zero ready endpoints',
    right: 'the import and its address stay',
    heldBy: {
      [`${CORE}/planImport.test.ts`]: ['no ready endpoint at all: the Service and its address stay, the slices are empty'],
      'test/conformance/addresses.ts': ['1.4.empty'],
    },
  },
  {
    topic: 'two hub replicas',
    right: 'one writes, and stops before its Lease can expire',
    heldBy: {
      'hub/members/lease.test.ts': ['S47: never do two hubs hold one Lease, whatever they and the API server do'],
      'test/hub/standby.test.ts': ['S47: in order: the next one goes on within two seconds, and writes only what has changed'],
    },
  },
  {
    topic: '429 and slow API servers',
    right: 'Retry-After is kept; pauses double; no member delays another',
    heldBy: {
      'kube/wire/reflector.test.ts': ['what the server asks for in Retry-After is kept'],
      'core/workqueue/memory.test.ts': ['pauses double up to their cap'],
      'test/hub/flood.test.ts': ['H8: a flood of one member delays no other'],
    },
    not: 'deletions have no precedence over additions: members take turns by their flows',
  },
  {
    topic: 'version skew',
    right: 'what an API server drops of a field is not written for ever',
    heldBy: { 'test/hub/copies.test.ts': ['S49: an API server that drops a field is not written to again and again'] },
  },
  {
    topic: 'retries that end',
    right: 'never; one of very many tries each second',
    heldBy: { 'test/hub/refusedWrites.test.ts': ['S50: of very many one tries each second, for ever'] },
  },
  {
    topic: 'status storm',
    right: 'status on each export, written on change',
    heldBy: { 'test/hub/lease.test.ts': ['I2: a hub that is started again goes on at once and writes nothing but its Leases'] },
  },
  {
    topic: 'CRDs absent',
    right: 'told, and taken up when they are there',
    heldBy: { 'test/hub/pending.test.ts': ['the importer has no CRD of ${plural}'] },
  },
  {
    topic: 'annotation typos',
    right: 'told, with the safe default',
    heldBy: { [`${CORE}/annotations.test.ts`]: ['InvalidAnnotation'] },
    not: 'no admission policy refuses them: a cluster that exports need not have Kilofed’s policies for its people',
  },
  {
    topic: 'hub memory',
    right: 'reduced to what is needed as it is read, and bounded',
    heldBy: {
      'kube/wire/reflector.test.ts': [
        'delivers what is added, changed and removed, projected',
        'H8: what is kept whole has a bound of bytes',
      ],
    },
  },
];
