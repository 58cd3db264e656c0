/**
 * Whether the state of a path has changed, and which other paths must be probed for it at once.
 */
import { pathName } from '../mesh/probing.js';
import type { PathChange } from './effects.js';
import type { PathTable, TrackedPath } from './pathTable.js';
import { HEALTHY } from './report.js';
import { verdictOn } from './verdicts.js';

/** Undefined: it is in the state that it was in. */
export function checkPath(table: PathTable, tracked: TrackedPath, now: number): PathChange | undefined {
  const { path, probed } = tracked;
  const before = probed.since();
  const changed = probed.check(now);
  const silentSince = path.kind === 'relay' ? probed.silentSince(now) : undefined;
  if (silentSince !== undefined) callWitnesses(table, tracked, silentSince, now);
  if (path.kind === 'relay') tellGateway(table, path.node, now);
  if (!changed) return undefined;
  const state = probed.state();
  if (state === 'down') tracked.report = HEALTHY;
  // The tunnel fails: does the far gateway live?
  if (state === 'down' && path.kind === 'tunnel') table.get(pathName({ ...path, kind: 'alternate' }))?.probed.probeBy(now);
  return { path, state, afterMs: now - before };
}

/** Whether the gateway in between is to blame is shown by our own tunnels to those that it was to hand probes to. */
function callWitnesses(table: PathTable, { asked }: TrackedPath, silentSince: number, now: number): void {
  for (const { probed } of [...asked].flatMap((key) => table.tunnelsTo(key)))
    if (probed.state() === 'up' && probed.answeredAt() <= silentSince) probed.probeBy(now);
}

/** The next probe to a gateway tells it what we find, and is due at once where that has changed. */
function tellGateway(table: PathTable, node: string, now: number): void {
  const lan = table.get(pathName({ kind: 'lan', node }));
  if (lan !== undefined && lan.told !== verdictOn(table, node, now)) lan.probed.probeBy(now);
}
