/**
 * The probe that is due on a path: whom it asks, and what it tells the target.
 */
import { hash32 } from '../net/hash.js';
import { pathName, type ProbePath, type ProbeTarget } from '../mesh/probing.js';
import type { Probe } from './effects.js';
import type { PathTable, TrackedPath } from './pathTable.js';
import { verdictOn } from './verdicts.js';

/** Undefined: none of the targets is worth asking. The path counts as probed and answered then. */
export function nextProbe(table: PathTable, tracked: TrackedPath, own: Pick<Probe, 'inUse' | 'nonce'>, now: number): Probe | undefined {
  const { path, probed } = tracked;
  probed.sent(own.nonce, now);
  const target = nextTarget(table, tracked);
  if (target === undefined) {
    // A gateway that reaches nobody is not to blame for forwarding nothing.
    probed.answered(own.nonce, now);
    tracked.asked.clear();
    return undefined;
  }
  tracked.asked.add(target.publicKey);
  const vouches = path.kind === 'tunnel' && probed.isFresh(now);
  tracked.told = path.kind === 'lan' ? verdictOn(table, path.node, now) : 'unknown';
  return { path, target, ...own, forwards: tracked.told, vouches };
}

/** In turn, but for those that the gateway in between reports not to reach. */
function nextTarget(table: PathTable, tracked: TrackedPath): ProbeTarget | undefined {
  const { targets } = tracked.path;
  const unreachable = unreachableBy(table, tracked.path);
  if (unreachable === 'all') return undefined;
  for (let step = 0; step < targets.length; step += 1) {
    const target = targets[(tracked.turn + step) % targets.length];
    if (target?.segment !== undefined && unreachable.includes(hash32(target.segment))) continue;
    tracked.turn = (tracked.turn + step + 1) % targets.length;
    return target;
  }
  return undefined;
}

function unreachableBy(table: PathTable, path: ProbePath): readonly number[] | 'all' {
  if (path.kind !== 'relay') return [];
  return table.get(pathName({ kind: 'lan', node: path.node }))?.report.unreachable ?? [];
}
