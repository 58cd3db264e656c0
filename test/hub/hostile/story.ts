/**
 * A story of a federation: two honest members, `alfa` and `bravo`, that know each other, and perhaps a hostile one that joins them.
 * Told twice, with it and without, it must end the same for the honest ones.
 */
import type { Peer } from '../../../core/api/peer.js';
import type { KubeObject } from '../../../core/api/resources.js';
import { federationStatusSchema } from '../../../core/api/status.js';
import { firstOverlap, isWithin } from '../../../core/net/sets.js';
import { isSpecial } from '../../../core/net/special.js';
import type { MemberTerms } from '../../../hub/members/terms.js';
import { createFakeFederation, exportService, type FakeFederation } from '../fakeFederation.js';
import type { FakeCluster } from '../fakeCluster.js';
import { createHostileCluster, type HostileCluster } from './hostileCluster.js';
import type { Lie } from './lies.js';

export type Step =
  | { readonly by: 'hostile'; readonly lie: Lie }
  | { readonly by: 'honest'; readonly member: 'alfa' | 'bravo'; readonly service: string; readonly addresses: readonly string[] }
  | { readonly by: 'hub'; readonly what: 'restart' };

interface Ending {
  /** What stands in the honest members about each other, as JSON. */
  readonly written: Readonly<Record<string, string>>;
  /** What went wrong in the hub itself. */
  readonly errors: readonly string[];
  /** What the hub wrote into honest members for the hostile one that reaches into what is theirs. */
  readonly harm: readonly string[];
}

interface Telling {
  /** The id under which the hostile member joins; undefined: it does not. */
  readonly hostile: string | undefined;
  /** Whether it is there before the honest ones, whose ranges are declared then. */
  readonly first?: boolean;
}

const HONEST = ['alfa', 'bravo'];
/** A name that the hostile member does not think of: it may be the first to export any other. */
export const UNSHARED = ['calm'];
/** What the honest ones export when the story begins. */
const EXPORTS: Readonly<Record<string, readonly string[]>> = { alfa: ['web', 'both', ...UNSHARED], bravo: ['shop', 'both'] };
const TERMS: Readonly<Record<string, MemberTerms>> = {
  alfa: { allowedCIDRs: ['10.1.0.0/24', '10.4.1.0/24', '10.101.0.0/16', '10.77.1.0/24'] },
  bravo: { allowedCIDRs: ['10.2.0.0/24', '10.4.2.0/24', '10.102.0.0/16', '10.77.2.0/24'] },
};

export async function tell(steps: readonly Step[], { hostile, first = false }: Telling): Promise<Ending> {
  const world = createFakeFederation([...HONEST, hostile ?? 'evil'], {
    clientOf: (id, { client }) => (id === hostile && liar !== undefined ? liar.client : client),
  });
  const liar = hostile === undefined ? undefined : createHostileCluster(world.cluster(hostile));
  const errors: string[] = [];
  const joined = hostile === undefined ? [] : [hostile];
  HONEST.forEach((id, index) => {
    for (const service of EXPORTS[id] ?? []) exportService(world.cluster(id), service, { addresses: [`10.${index + 1}.0.5`] });
  });
  if (first) world.terms = TERMS;
  world.declared = first ? joined : HONEST;
  world.start();
  await world.clock.advance(1_000);
  const arrive = async (): Promise<void> => {
    world.declared = [...HONEST, ...joined];
    world.reread();
    await world.clock.advance(500);
  };
  if (!first) await arrive();
  const half = Math.floor(steps.length / 2);
  for (const [index, step] of steps.entries()) {
    if (first && index === half) await arrive();
    await take(step, world, liar);
    await world.clock.advance(200);
    if (hostile !== undefined) look(world, errors);
  }
  if (first && steps.length === 0) await arrive();
  // A hub that has just started waits for members that do not let themselves be read, ten seconds at most.
  await world.clock.advance(steps.some(({ by }) => by === 'hub') ? 13_000 : 3_000);
  if (hostile !== undefined) look(world, errors);
  const written = Object.fromEntries(HONEST.flatMap((id) => aboutOthers(id, world.cluster(id))));
  const harm = HONEST.flatMap((id) => harmIn(id, world.cluster(id), hostile));
  errors.push(...world.errors);
  await world.end();
  return { written, errors, harm };
}

async function take(step: Step, world: FakeFederation, hostile: HostileCluster | undefined): Promise<void> {
  if (step.by === 'honest') exportService(world.cluster(step.member), step.service, { addresses: step.addresses });
  if (step.by === 'hub') {
    await world.end();
    world.start();
    await world.clock.advance(1_000);
  }
  if (step.by !== 'hostile' || hostile === undefined) return;
  const { lie } = step;
  if (lie.kind === 'show') hostile.show(lie.plural, lie.item);
  else if (lie.kind === 'say') hostile.say(lie.plural, lie.line);
  else if (lie.kind === 'answer') hostile.answer(lie.plural, lie.value);
  else if (lie.kind === 'behave') hostile.behave();
  else hostile.endWatches();
}

/** The status must always be one that its readers take. */
function look(world: FakeFederation, errors: string[]): void {
  try {
    const { error } = federationStatusSchema.safeParse(JSON.parse(JSON.stringify(world.hub().status())));
    if (error !== undefined) errors.push(`status: ${error.message}`);
  } catch (error) {
    errors.push(`status threw: ${String(error)}`);
  }
}

/** Objects of the hub in an honest member that are about the other one, by name, without what the API server gives and counts. */
function aboutOthers(id: string, cluster: FakeCluster): [string, string][] {
  const others = HONEST.filter((each) => each !== id);
  return [...cluster.objects]
    .filter(([key, object]) => isOurs(object) && concerns(key, object, others))
    .map(([key, object]): [string, string] => {
      // The status of an import names all that export it.
      const { metadata, status: _status, ...rest } = object as KubeObject & { readonly status?: unknown };
      const { uid: _uid, resourceVersion: _version, creationTimestamp: _created, annotations = {}, ...meta } = metadata;
      // Of a Service that the hostile member exports, too, the import names it.
      const { 'kilofed.io/exporters': _exporters, 'kilofed.io/hash': hash, ...always } = annotations;
      const kept = object.kind === 'ServiceImport' ? always : { ...always, hash };
      return [`${id} ${key}`, JSON.stringify({ ...rest, metadata: { ...meta, annotations: kept } }).replaceAll(GIVEN, '"given"')];
    })
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Addresses of Services go by the order in which they are made. */
const GIVEN = /"10\.200\.\d+\.\d+"/g;

const isOurs = ({ metadata }: KubeObject): boolean => metadata.labels?.['kilofed.io/managed-by'] === 'kilofed-hub';

function concerns(key: string, { kind, metadata }: KubeObject, others: readonly string[]): boolean {
  if (kind === 'Peer' || kind === 'EndpointSlice') return others.includes(metadata.labels?.['kilofed.io/cluster'] ?? '');
  const exported = others.flatMap((other) => EXPORTS[other] ?? []);
  return (kind === 'Service' || kind === 'ServiceImport') && exported.some((name) => key.endsWith(`/demo/${name}`));
}

/** Addresses that the mirrors in a member have of another one. */
export function endpointsFrom(source: string, cluster: FakeCluster): string[] {
  return [...cluster.objects.values()].flatMap((object) =>
    object.kind === 'EndpointSlice' && isOurs(object) && object.metadata.labels?.['kilofed.io/cluster'] === source
      ? (object as KubeObject & { readonly endpoints: readonly { readonly addresses: readonly string[] }[] }).endpoints.flatMap(
          ({ addresses }) => addresses,
        )
      : [],
  );
}

/**
 * What in a member leads to something of its own, or to pods of the other honest one. Not to Services and gateways of that one: no Peer has
 * such addresses, since every LAN may use them.
 */
const PODS = ['10.1.0.0/24', '10.2.0.0/24', '10.4.1.0/24', '10.4.2.0/24'];
const TAKEN: Readonly<Record<string, readonly string[]>> = {
  alfa: [...PODS, '10.77.1.0/24', '10.101.0.0/16'],
  bravo: [...PODS, '10.77.2.0/24', '10.102.0.0/16'],
};
export const HONEST_KEYS = [1, 2].map((n) => Buffer.alloc(32, n).toString('base64'));

/** Whatever of the hostile member in `cluster` is not its own to have. */
function harmIn(id: string, { objects }: FakeCluster, hostile: string | undefined): string[] {
  return [...objects].flatMap(([key, object]) => {
    if (!isOurs(object) || hostile === undefined || object.metadata.labels?.['kilofed.io/cluster'] !== hostile) return [];
    const taken = TAKEN[id] ?? [];
    const harm = object.kind === 'Peer' ? harmOfPeer(object as KubeObject & Pick<Peer, 'spec'>, taken) : harmOfSlice(object, taken);
    return harm.map((what) => `${id} ${key}: ${what}`);
  });
}

function harmOfPeer({ spec }: Pick<Peer, 'spec'>, taken: readonly string[]): string[] {
  const host = spec.endpoint?.dnsOrIP.ip;
  return [
    ...(HONEST_KEYS.includes(spec.publicKey) ? [`key ${spec.publicKey}`] : []),
    ...spec.allowedIPs.filter((prefix) => !isWithin(prefix, PRIVATE) || firstOverlap([prefix], taken) !== undefined),
    ...(host !== undefined && (isSpecial(host) || isWithin(host, taken)) ? [`endpoint ${host}`] : []),
  ];
}

function harmOfSlice(object: KubeObject, taken: readonly string[]): string[] {
  const { endpoints } = object as KubeObject & { readonly endpoints: readonly { readonly addresses: readonly string[] }[] };
  return endpoints.flatMap(({ addresses }) => addresses).filter((address) => !isWithin(address, PRIVATE) || isWithin(address, taken));
}

const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'];
