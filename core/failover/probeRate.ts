/**
 * How often each path is probed: often while it carries traffic, or while it may replace a path that is silent; otherwise rarely.
 */
import { pathName, type PathName, type ProbePath } from '../mesh/probing.js';
import type { Choices } from './choices.js';
import type { FailoverConfig } from './config.js';
import type { PathState, ProbeRate } from './probedPath.js';

export interface PathUse {
  /** Probed paths that carry traffic which could go elsewhere. */
  readonly inUse: ReadonlySet<PathName>;
  /** The other paths of the same segments, where one in use is silent. */
  readonly substitutes: ReadonlySet<PathName>;
}

export interface RateInput extends PathUse {
  readonly isGateway: boolean;
  /** Others send their traffic through this node. */
  readonly isTransit: boolean;
  stateOf(path: PathName): PathState | undefined;
}

export function pathUse(segments: FailoverConfig['segments'], choices: Choices, isSilent: (path: PathName) => boolean): PathUse {
  const inUse = new Set<PathName>();
  const substitutes = new Set<PathName>();
  for (const [segment, { paths }] of segments) {
    if (paths.length < 2) continue;
    const chosen = choices.get(segment) ?? [];
    const used = paths.filter(({ name }) => chosen.includes(name)).map(({ probe }) => probe);
    for (const probe of used) inUse.add(probe);
    if (!used.some(isSilent)) continue;
    for (const { name, probe } of paths) if (!chosen.includes(name)) substitutes.add(probe);
  }
  return { inUse, substitutes };
}

/** Besides paths in use, those are probed often that show the state of a gateway's LAN and of its forwarding. */
export function probeRate(path: ProbePath, { inUse, substitutes, isGateway, isTransit, stateOf }: RateInput): ProbeRate {
  if (substitutes.has(path.name) || path.kind === 'relay') return 'busy';
  if (path.kind === 'lan') return isGateway || inUse.has(path.name) ? 'busy' : 'idle';
  // It matters only while its tunnel does not work.
  if (path.kind === 'alternate') return stateOf(pathName({ ...path, kind: 'tunnel' })) === 'up' ? 'idle' : 'busy';
  // A gateway that carries traffic of others probes more often, and would send a suspect message.
  return !inUse.has(path.name) ? 'idle' : isTransit ? 'busy' : 'own';
}
