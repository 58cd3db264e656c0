/**
 * What several paths show together: whether a gateway forwards, and whether any tunnel of ours reaches a segment.
 */
import { pathName } from '../mesh/probing.js';
import type { SegmentPath } from './config.js';
import type { Verdict } from './effects.js';
import type { PathTable, TrackedPath } from './pathTable.js';

/**
 * Whether the gateway `node` of our own segment forwards; undefined: not known. That nothing comes back through it is its own fault only
 * where something else has got there since: a probe through another gateway, or by our own tunnels those that it was to hand probes to.
 */
export function forwards(table: PathTable, node: string, now: number): boolean | undefined {
  const relay = table.get(pathName({ kind: 'relay', node }));
  if (relay === undefined || relay.probed.state() === 'new') return undefined;
  // One that is overdue no longer speaks for the gateway: of several nodes, the first that is sure decides.
  if (relay.probed.state() === 'up') return relay.probed.silentSince(now) === undefined ? true : undefined;
  const since = relay.probed.silentSince(now) ?? relay.probed.since();
  return hasRelaySince(table, since) || reachesThem(table, relay, now, since) ? false : undefined;
}

/** What a probe tells the gateway `node` of that. */
export function verdictOn(table: PathTable, node: string, now: number): Verdict {
  const verdict = forwards(table, node, now);
  return verdict === undefined ? 'unknown' : verdict ? 'yes' : 'no';
}

function hasRelaySince(table: PathTable, since: number): boolean {
  for (const { path, probed } of table.all())
    if (path.kind === 'relay' && probed.state() === 'up' && probed.answeredAt() > since) return true;
  return false;
}

/**
 * Those that are lost to us, too, show nothing. One that is silent and not yet lost may be what the relay path fails by.
 */
function reachesThem(table: PathTable, { asked }: TrackedPath, now: number, since: number): boolean {
  const alive = [...asked].flatMap((key) => table.tunnelsTo(key)).filter(({ probed }) => probed.state() === 'up');
  return alive.every(({ probed }) => probed.silentSince(now) === undefined) && alive.some(({ probed }) => probed.answeredAt() > since);
}

/**
 * When the last of our own tunnels to a segment was lost; undefined: there are none among its paths. Infinity: one works. Minus infinity:
 * none was ever seen to work.
 */
export function lostAt(table: PathTable, paths: readonly SegmentPath[]): number | undefined {
  const own = paths.filter(({ kind }) => kind === 'plane');
  if (own.length === 0) return undefined;
  return Math.max(
    ...own.map(({ probe }) => {
      const probed = table.get(probe)?.probed;
      // Tunnels of external peers are not probed: once it is known that there is none with us, that has been so for a while. And a tunnel
      // that never worked was not lost.
      if (probed === undefined || probed.answeredAt() === Number.NEGATIVE_INFINITY) return Number.NEGATIVE_INFINITY;
      return probed.state() === 'down' ? probed.since() : Number.POSITIVE_INFINITY;
    }),
  );
}

/** Names of the segments that we have tunnels to. */
export function tunnelSegments(table: PathTable): readonly string[] {
  return [...table.all()].flatMap(({ path }) => (path.kind === 'tunnel' ? [path.segment] : []));
}

/** Names of the segments that none of our tunnels reaches. */
export function unreachedSegments(table: PathTable): readonly string[] {
  const reached = new Map<string, boolean>();
  for (const { path, probed } of table.all())
    if (path.kind === 'tunnel') reached.set(path.segment, reached.get(path.segment) === true || probed.state() !== 'down');
  return [...reached].filter(([, each]) => !each).map(([segment]) => segment);
}
