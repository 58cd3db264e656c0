/**
 * How eagerly each path is asked: what carries traffic often, what may be needed any moment as soon as there is a doubt, and the rest seldom.
 */
import type { ProbePath } from '../mesh/plan.js';
import type { Choices, FailoverConfig, SegmentWays } from './config.js';
import type { Eagerness, PathState } from './path.js';

export interface Attention {
  /** Names of paths of the ways in use, where there are others. */
  readonly used: ReadonlySet<string>;
  /** Of those others, where one in use is silent. */
  readonly instead: ReadonlySet<string>;
}

export interface Occasion extends Attention {
  readonly isGateway: boolean;
  /** Traffic of others takes us. */
  readonly isTransit: boolean;
  stateOf(path: string): PathState | undefined;
}

/** The path whose state says whether `way` works. */
export function pathOf(segment: string, way: SegmentWays['ways'][number]): string {
  return way.kind === 'plane' ? `tunnel/${way.slot}/${segment}` : `near/${way.name.slice('node/'.length)}`;
}

export function attentionOf(segments: FailoverConfig['segments'], choices: Choices, isSilent: (path: string) => boolean): Attention {
  const used = new Set<string>();
  const instead = new Set<string>();
  for (const [segment, { ways }] of segments) {
    if (ways.length < 2) continue;
    const chosen = choices.get(segment) ?? [];
    const names = ways.filter(({ name }) => chosen.includes(name)).map((way) => pathOf(segment, way));
    for (const name of names) used.add(name);
    if (!names.some(isSilent)) continue;
    for (const way of ways) if (!chosen.includes(way.name)) instead.add(pathOf(segment, way));
  }
  return { used, instead };
}

/** Besides what is in use, whatever tells of a gateway's LAN and of its forwarding is asked often. */
export function eagernessOf({ name, kind, slot, segment }: ProbePath, { used, instead, isGateway, isTransit, stateOf }: Occasion): Eagerness {
  if (instead.has(name) || kind === 'through') return 'busy';
  if (kind === 'near') return isGateway || used.has(name) ? 'busy' : 'idle';
  // While its tunnel works, nobody wants to know what answers around it.
  if (kind === 'around') return stateOf(`tunnel/${slot}/${segment}`) === 'up' ? 'idle' : 'busy';
  // Whoever has traffic of others finds a failure sooner, and tells.
  return !used.has(name) ? 'idle' : isTransit ? 'busy' : 'own';
}
