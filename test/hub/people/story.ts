/**
 * A story of what people do in three members, told to a whole hub: what they have put stands in `mine`.
 */
import { type KubeObject, RESOURCE } from '../../../core/api/resources.js';
import type { MemberTerms } from '../../../hub/members/terms.js';
import { createFakeFederation, type FakeFederation, reportLinks } from '../fakeFederation.js';
import { tunnel } from '../gatewayReports.js';

type Texts = Readonly<Record<string, string>>;
type Some = KubeObject & Readonly<Record<string, unknown>>;

export type Happening =
  | {
      readonly what: 'service';
      readonly member: string;
      readonly name: string;
      readonly annotations: Texts;
      readonly shape: Readonly<Record<string, unknown>>;
    }
  | {
      readonly what: 'endpoints';
      readonly member: string;
      readonly name: string;
      readonly addresses: readonly number[];
      readonly ready: boolean;
    }
  | { readonly what: 'no service' | 'no export'; readonly member: string; readonly name: string }
  | { readonly what: 'export'; readonly member: string; readonly name: string; readonly annotations: Texts; readonly texts: object }
  | { readonly what: 'namespace'; readonly member: string; readonly namespace: { readonly labels?: Texts; readonly annotations?: Texts } }
  | { readonly what: 'no namespace' | 'cut off' | 'back'; readonly member: string }
  | { readonly what: 'terms'; readonly member: string; readonly terms: MemberTerms }
  | { readonly what: 'delete mirror'; readonly member: string; readonly which: number }
  | { readonly what: 'links'; readonly member: string; readonly up: boolean }
  | { readonly what: 'hub restarts' }
  | { readonly what: 'time'; readonly ms: number };

interface Told {
  readonly federation: FakeFederation;
  /** By member and key. */
  readonly mine: ReadonlyMap<string, Some>;
}

const IDS = ['east', 'north', 'west'] as const;
const KINDS = ['services', 'endpointslices', 'serviceimports', 'serviceexports'] as const;
const UNREACHABLE = { kind: 'unreachable', message: 'connection refused' } as const;

export async function tellStory(story: readonly Happening[]): Promise<Told> {
  const federation = createFakeFederation(IDS);
  const mine = new Map<string, Some>();
  federation.start();
  await federation.clock.advance(1_000);
  for (const happening of story) await happen(happening, federation, mine);
  return { federation, mine };
}

async function happen(happening: Happening, federation: FakeFederation, mine: Map<string, Some>): Promise<void> {
  const put = (member: string, object: Some): void => {
    const { name, namespace } = object.metadata;
    if (namespace !== undefined && !federation.cluster(member).objects.has(`namespaces/${namespace}`)) return;
    const key = namespace === undefined ? name : `${namespace}/${name}`;
    const plural = Object.values(RESOURCE).find(({ kind }) => kind === object.kind)?.plural ?? '';
    mine.set(`${member} ${plural}/${key}`, object);
    federation.cluster(member).put(object);
  };
  const drop = (member: string, kind: 'service' | 'serviceExport' | 'endpointSlice', name: string): void => {
    if (mine.delete(`${member} ${RESOURCE[kind].plural}/demo/${name}`)) federation.cluster(member).drop(RESOURCE[kind], name, 'demo');
  };
  switch (happening.what) {
    case 'service':
      return put(happening.member, serviceOf(happening.name, happening));
    case 'endpoints':
      return put(happening.member, sliceOf(happening));
    case 'no service':
      drop(happening.member, 'service', happening.name);
      return drop(happening.member, 'endpointSlice', `${happening.name}-1`);
    case 'export':
      return put(happening.member, {
        apiVersion: 'multicluster.x-k8s.io/v1beta1',
        kind: 'ServiceExport',
        metadata: { name: happening.name, namespace: 'demo', generation: 1, annotations: happening.annotations },
        spec: happening.texts,
      });
    case 'no export':
      return drop(happening.member, 'serviceExport', happening.name);
    case 'namespace':
      return put(happening.member, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo', ...happening.namespace } });
    case 'no namespace': {
      const cluster = federation.cluster(happening.member);
      for (const { kind, metadata } of [...cluster.objects.values()]) {
        const resource = Object.values(RESOURCE).find((each) => each.kind === kind);
        if (metadata.namespace === 'demo' && resource !== undefined) cluster.drop(resource, metadata.name, 'demo');
      }
      for (const key of [...mine.keys()]) if (key.startsWith(`${happening.member} `)) mine.delete(key);
      return cluster.drop(RESOURCE.namespace, 'demo');
    }
    default:
      return befall(happening, federation);
  }
}

/** What nobody puts. */
async function befall(happening: Happening, federation: FakeFederation): Promise<void> {
  switch (happening.what) {
    case 'terms':
      federation.terms = { ...federation.terms, [happening.member]: happening.terms };
      return federation.reread();
    case 'cut off':
      federation.cluster(happening.member).fault = () => UNREACHABLE;
      return federation.cluster(happening.member).endWatches();
    case 'back':
      federation.cluster(happening.member).fault = () => undefined;
      return undefined;
    case 'links':
      return links(federation, happening.member, happening.up);
    case 'delete mirror': {
      const cluster = federation.cluster(happening.member);
      const objects = ofHub(cluster);
      const object = objects[happening.which % Math.max(1, objects.length)];
      const resource = Object.values(RESOURCE).find((each) => each.kind === object?.kind);
      if (object !== undefined && resource !== undefined) cluster.drop(resource, object.metadata.name, object.metadata.namespace);
      return undefined;
    }
    case 'hub restarts':
      await federation.end();
      return federation.start();
    case 'time':
      return federation.clock.advance(happening.ms);
    default:
      return undefined;
  }
}

function links(federation: FakeFederation, member: string, up: boolean): void {
  const others = IDS.filter((id) => id !== member);
  const down = { state: 'down', reason: 'NoAnswer', inUse: false } as const;
  reportLinks(
    federation.cluster(member),
    IDS.indexOf(member as (typeof IDS)[number]) + 1,
    others.map((other) => tunnel(other, 'location:', up ? {} : down)),
  );
}

function serviceOf(
  name: string,
  { annotations, shape }: { readonly annotations: Texts; readonly shape: Readonly<Record<string, unknown>> },
): Some {
  const { ports = ['http'], headless = false, ...more } = shape as { readonly ports?: readonly string[]; readonly headless?: boolean };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'demo', annotations, labels: { app: name } },
    spec: {
      type: 'ClusterIP',
      clusterIP: headless ? 'None' : '10.101.0.1',
      ipFamilies: ['IPv4'],
      selector: { app: name },
      ports: ports.map((port) => ({ name: port, port: PORTS[port] ?? 80, protocol: 'TCP' })),
      ...more,
    },
  };
}

const PORTS: Readonly<Record<string, number>> = { http: 80, admin: 81, other: 82 };

function sliceOf({ member, name, addresses, ready }: Extract<Happening, { what: 'endpoints' }>): Some {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-1`, namespace: 'demo', uid: `uid-of-${member}-${name}`, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: Object.keys(PORTS).map((port) => ({ name: port, port: 8080 + (PORTS[port] ?? 0), protocol: 'TCP' })),
    endpoints: addresses.map((last) => ({
      addresses: [`10.${IDS.indexOf(member as (typeof IDS)[number]) + 1}.0.${last}`],
      conditions: { ready },
      hostname: `h${last}`,
    })),
  };
}

function ofHub(cluster: { readonly objects: ReadonlyMap<string, KubeObject> }): Some[] {
  return [...cluster.objects]
    .filter(
      ([key, { metadata }]) =>
        KINDS.some((plural) => key.startsWith(`${plural}/`)) && metadata.labels?.['kilofed.io/managed-by'] === 'kilofed-hub',
    )
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, object]) => object as Some);
}

/** Everything works again, and all waits end. */
export async function ending({ federation }: Told): Promise<void> {
  for (const id of IDS) {
    federation.cluster(id).fault = () => undefined;
    links(federation, id, true);
  }
  await federation.clock.advance(240_000);
}

/** What a hub that starts again writes. */
export async function restarted({ federation }: Told): Promise<string[]> {
  await federation.end();
  const before = new Map(federation.clusters().map((each) => [each, each.writes.length]));
  federation.start();
  await federation.clock.advance(90_000);
  return federation.clusters().flatMap((each) => each.writes.slice(before.get(each)));
}

/**
 * What stands now, and what a hub makes of the same that sees it for the first time, and finds of the hub before only who stands where, in
 * which order, with which addresses.
 */
export async function anew({ federation, mine }: Told): Promise<{ readonly now: unknown; readonly fresh: unknown }> {
  const other = createFakeFederation(IDS);
  other.terms = federation.terms;
  for (const id of IDS) {
    const cluster = other.cluster(id);
    if (!federation.cluster(id).objects.has('namespaces/demo')) cluster.drop(RESOURCE.namespace, 'demo');
    for (const object of ofHub(federation.cluster(id)))
      if (object.kind === 'Service' || object.kind === 'ServiceImport') cluster.put(remains(object));
    for (const [key, object] of mine) if (key.startsWith(`${id} `)) cluster.put(object);
  }
  other.start();
  await other.clock.advance(240_000);
  const fresh = picture(other);
  await other.end();
  return { now: picture(federation), fresh };
}

function remains(object: Some): Some {
  const { 'kilofed.io/exporters': exporters, 'kilofed.io/source': source } = object.metadata.annotations ?? {};
  const { clusterIP, clusterIPs, ports, ipFamilies } = (object['spec'] ?? {}) as Readonly<Record<string, unknown>>;
  return {
    ...object,
    metadata: {
      name: object.metadata.name,
      namespace: 'demo',
      labels: object.metadata.labels ?? {},
      annotations: {
        'kilofed.io/hash': 'x',
        'kilofed.io/federation': 'default',
        ...(exporters !== undefined && { 'kilofed.io/exporters': exporters }),
        ...(source !== undefined && { 'kilofed.io/source': source }),
      },
    },
    spec: { ...(object.kind === 'Service' && { type: 'ClusterIP' }), clusterIP, clusterIPs, ports, ipFamilies },
    status: undefined,
  };
}

/** Of everything that the hub has written, without what API servers say, and without times. */
function picture(federation: FakeFederation): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    IDS.flatMap((id) =>
      [...federation.cluster(id).objects]
        .filter(([key]) => KINDS.some((plural) => key.startsWith(`${plural}/`)))
        .map(([key, object]) => [`${id} ${key}`, JSON.parse(JSON.stringify(object, pictured))] as const),
    ).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function pictured(key: string, value: unknown): unknown {
  if (['uid', 'resourceVersion', 'creationTimestamp', 'lastTransitionTime', 'kilofed.io/hash'].includes(key)) return undefined;
  if (key === 'ports' && Array.isArray(value)) return value.map((each) => JSON.stringify(each)).toSorted();
  return value;
}

/** What is left when people take everything away, what of theirs was changed, and what failed. */
export async function done({ federation, mine }: Told): Promise<unknown> {
  const changed = [...mine].flatMap(([key, object]) => {
    const [member = '', place = ''] = key.split(' ');
    const found = federation.cluster(member).objects.get(place) as Some | undefined;
    const same = found !== undefined && essence(found) === essence(object);
    return same ? [] : [`${key}: ${found === undefined ? 'gone' : essence(found)}`];
  });
  for (const [key, object] of mine) {
    const resource = Object.values(RESOURCE).find(({ kind }) => kind === object.kind);
    if (resource !== undefined && object.kind !== 'Namespace')
      federation.cluster(key.split(' ')[0] ?? '').drop(resource, object.metadata.name, object.metadata.namespace);
  }
  await federation.clock.advance(240_000);
  const left = IDS.flatMap((id) => ofHub(federation.cluster(id)).map(({ kind, metadata }) => `${id} ${kind} ${metadata.name}`));
  return { left, changed, errors: federation.errors };
}

/** All but what an API server adds, and what the hub reports in a ServiceExport. */
function essence({ metadata, status: _status, ...object }: Some): string {
  const { name, labels, annotations } = metadata;
  return JSON.stringify(
    { ...object, name, labels: labels ?? {}, annotations: annotations ?? {} },
    Object.keys(flat({ ...object, metadata })).toSorted(),
  );
}

function flat(value: unknown): Record<string, true> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.assign(
    { name: true, labels: true, annotations: true },
    ...Object.entries(value).map(([key, inner]) => ({ [key]: true, ...flat(inner) })),
  );
}
