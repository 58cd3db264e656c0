/**
 * Which segments of other members a member reaches, for the readiness of their endpoints there: by what its own gateways report, damped.
 *
 * Only pairs of members that were asked for are followed, and of their links only those that are not simply up are remembered.
 */
import { beginDamping, damp, type DampedLink, isForgettable, NEW, STEADY } from '../../core/links/damping.js';
import type { SegmentLink } from '../../core/links/segmentLinks.js';
import { groupByName } from '../../core/mesh/groupByName.js';
import { trafficState } from '../../core/links/trafficState.js';
import type { LinkState } from '../../core/api/links.js';
import { LABEL } from '../../core/api/names.js';
import type { KubeObject } from '../../core/api/resources.js';
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import type { SegmentReach } from '../../core/services/cutOff.js';
import type { Federation } from '../federation/federation.js';
import type { Links } from '../links/links.js';

export interface Reachability {
  /** The segments of the exporter. Undefined: as far as is known, the importer reaches all of them. */
  of(importer: string, exporter: string): readonly SegmentReach[] | undefined;
  /** The importer's links to the exporter may be others than before. */
  check(importer: string, exporter: string): void;
  /** It is no member any more. */
  forget(id: string): void;
  stop(): void;
}

interface ReachabilityDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly federation: Pick<Federation, 'known'>;
  readonly links: Pick<Links, 'between'>;
  /** `of` says something else of the two than before. */
  readonly changed: (importer: string, exporter: string) => void;
}

interface Observed {
  readonly seen: readonly SegmentLink[];
  readonly unregistered: boolean;
  /** Whether any gateway of the importer reports. */
  readonly reports: () => boolean;
}

interface Pair {
  /** What was looked at last. */
  readonly seen: readonly SegmentLink[];
  /** By remote segment: all but those that are simply up. */
  readonly links: ReadonlyMap<string, DampedLink>;
  /** No Peer of the exporter stands in the importer. */
  readonly unregistered: boolean;
  /** Nothing was ever known of a link between the two: it is waited for the first one. */
  readonly isNew: boolean;
  readonly next: number;
  readonly cancel: () => void;
}

export function createReachability(deps: ReachabilityDeps): Reachability {
  const { clock, log } = deps;
  /** By importer, then by exporter. */
  const pairs = new Map<string, Map<string, Pair>>();

  /** Undefined: the importer has no segment that could have links, or none that is known yet. */
  function observe(importer: string, exporter: string): Observed | undefined {
    const records = deps.federation.known(importer)?.records;
    const seen = deps.links.between(importer, exporter);
    const unregistered = records?.peersOf(exporter).length === 0;
    return records === undefined || (seen.length === 0 && !unregistered)
      ? undefined
      : { seen, unregistered, reports: () => records.reporters().length > 0 };
  }

  function look(importer: string, exporter: string, when: 'asked' | 'told' | 'due'): Pair | undefined {
    const before = pairs.get(importer)?.get(exporter);
    const observed = observe(importer, exporter);
    const now = clock.now();
    // Timers may be early by a little: then it is due again.
    if (observed === undefined || (before !== undefined && when !== 'due' && isStill(before, observed, now))) return before;
    before?.cancel();
    const { seen, unregistered } = observed;
    const states = new Map(groupByName(seen, ({ to }) => to).map(([segment, links]) => [segment, trafficState(links)] as const));
    const isUnknown = [...states.values()].every((state) => state === 'unknown');
    const isNew = isUnknown && observed.reports() && (unregistered || (before?.isNew ?? when === 'told'));
    const { links, next } = dampAll(states, { before: before?.links, isNew, now });
    const cancel = later(next - now, () => void look(importer, exporter, 'due'));
    const pair: Pair = { seen, links, unregistered, isNew, next, cancel };
    keep(importer, exporter, pair);
    if (before !== undefined) compare(importer, exporter, { before, pair });
    return pair;
  }

  function later(ms: number, run: () => void): () => void {
    return ms === Number.POSITIVE_INFINITY ? NOTHING : clock.after(Math.max(0, ms), run);
  }

  function keep(importer: string, exporter: string, pair: Pair): void {
    const ofImporter = pairs.get(importer) ?? new Map<string, Pair>();
    pairs.set(importer, ofImporter.set(exporter, pair));
  }

  function compare(importer: string, exporter: string, { before, pair }: { readonly before: Pair; readonly pair: Pair }): void {
    const [was, is] = [before, pair].map(
      ({ links }) => new Set([...links].flatMap(([segment, { counts }]) => (counts === 'down' ? [segment] : []))),
    );
    const lost = [...(is ?? [])].filter((segment) => was?.has(segment) !== true);
    const regained = [...(was ?? [])].filter((segment) => is?.has(segment) !== true);
    const data = { member: importer, exporter };
    if (lost.length > 0 && !pair.isNew)
      log.warn('No link to some segments works: their endpoints count as not ready', { ...data, segments: lost });
    if (regained.length > 0)
      log.info('Links to some segments work: their endpoints are as their cluster says', { ...data, segments: regained });
    if (lost.length + regained.length > 0) deps.changed(importer, exporter);
  }

  function drop(importer: string, exporter: string): void {
    pairs.get(importer)?.get(exporter)?.cancel();
    pairs.get(importer)?.delete(exporter);
  }

  return {
    of(importer, exporter) {
      const pair = look(importer, exporter, 'asked');
      if (pair === undefined) return undefined;
      if (pair.unregistered) return pair.isNew ? NOTHING_REACHED : undefined;
      if (![...pair.links.values()].some(({ counts }) => counts === 'down')) return undefined;
      return reachOf(deps.federation.known(importer)?.records.peersOf(exporter) ?? [], exporter, pair.links);
    },
    check: (importer, exporter) => void look(importer, exporter, 'told'),
    forget(id) {
      for (const exporter of [...(pairs.get(id)?.keys() ?? [])]) drop(id, exporter);
      pairs.delete(id);
      for (const importer of pairs.keys()) drop(importer, id);
    },
    stop() {
      for (const ofImporter of pairs.values()) for (const { cancel } of ofImporter.values()) cancel();
    },
  };
}

const NOTHING = (): void => undefined;
const NOTHING_REACHED: readonly SegmentReach[] = [{ allowedIPs: ['0.0.0.0/0', '::/0'], reached: false }];

function isStill({ seen, unregistered, next }: Pair, observed: Observed, now: number): boolean {
  return seen === observed.seen && unregistered === observed.unregistered && now < next;
}

/** By remote segment. `before`: undefined where nobody looked before. */
function dampAll(
  states: ReadonlyMap<string, Exclude<LinkState, 'degraded'>>,
  { before, isNew, now }: { readonly before: Pair['links'] | undefined; readonly isNew: boolean; readonly now: number },
): Pick<Pair, 'links' | 'next'> {
  const links = new Map<string, DampedLink>();
  let next = Number.POSITIVE_INFINITY;
  for (const [segment, state] of states) {
    const was = before?.get(segment) ?? { ...(isNew ? NEW : STEADY), since: now };
    const damped = before === undefined && !isNew ? beginDamping(state, now) : damp(was, state, now);
    next = Math.min(next, damped.next);
    if (!isForgettable(damped.link, now)) links.set(segment, damped.link);
  }
  return { links, next };
}

function reachOf(peers: readonly KubeObject[], exporter: string, links: ReadonlyMap<string, DampedLink>): readonly SegmentReach[] {
  const segments = new Map<string, Set<string>>();
  for (const peer of peers) {
    // As nodes name it (core/mesh/peerSegments.ts).
    const segment = `${exporter}/${peer.metadata.labels?.[LABEL.segment] ?? ''}`;
    segments.set(segment, new Set([...(segments.get(segment) ?? []), ...allowedIPsOf(peer)]));
  }
  return [...segments].map(([segment, allowedIPs]) => ({ allowedIPs: [...allowedIPs], reached: links.get(segment)?.counts !== 'down' }));
}

function allowedIPsOf({ spec }: KubeObject & { readonly spec?: { readonly allowedIPs?: unknown } }): readonly string[] {
  const allowed = spec?.allowedIPs;
  return Array.isArray(allowed) ? allowed.filter((each) => typeof each === 'string') : [];
}
