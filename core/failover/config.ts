/**
 * What is to be watched, out of a node's plan; and the plan with what was chosen, put back.
 */
import type { MeshSpec } from '../api/mesh.js';
import type { GroupCandidate, NexthopGroup, NodePlan, ProbePath, ProbeTarget } from '../mesh/plan.js';
import { DEFAULT_SETTINGS, type FailoverSettings, type Pace } from './settings.js';

export interface FailoverConfig {
  readonly settings: FailoverSettings;
  readonly isGateway: boolean;
  readonly paths: readonly ProbePath[];
  readonly kin: readonly ProbeTarget[];
  /** By remote segment: its ways in order of preference. */
  readonly segments: ReadonlyMap<string, SegmentWays>;
}

export interface SegmentWays {
  readonly ways: readonly { readonly name: string; readonly kind: 'plane' | 'node'; readonly slot: number }[];
  readonly spread: boolean;
}

/** Segment name to the names of the ways in use. */
export type Choices = ReadonlyMap<string, readonly string[]>;

export function failoverConfig(plan: NodePlan, probes: MeshSpec['probes']): FailoverConfig {
  const segments = new Map<string, SegmentWays>();
  for (const group of plan.groups) {
    const before = segments.get(group.segment);
    // The groups of the two families have the same ways, but for those that exist in one of them only.
    const all = [...(before?.ways ?? []), ...group.candidates.map(wayOf)];
    segments.set(group.segment, { ways: all.filter(({ name }, index) => all.findIndex((way) => way.name === name) === index), spread: group.spread === true });
  }
  return { settings: settingsOf(probes), isGateway: plan.role.kind === 'gateway', paths: plan.probing?.paths ?? [], kin: plan.probing?.kin ?? [], segments };
}

/** `plan` with the ways that were chosen; where none of them is among a group's, it stays. */
export function steer(plan: NodePlan, choices: Choices): NodePlan {
  return { ...plan, groups: plan.groups.map((group) => ({ ...group, active: activeOf(group, choices) })) };
}

/** What a host uses now, as choices: an agent that starts goes on with them. */
export function choicesOf(plan: NodePlan, active: ReadonlyMap<number, readonly number[]>): Choices {
  return new Map(plan.groups.flatMap((group): [string, string[]][] => {
    const now = active.get(group.id) ?? [];
    const names = group.candidates.filter(({ nexthop }) => now.includes(nexthop)).map(({ name }) => name);
    return names.length === 0 ? [] : [[group.segment, names]];
  }));
}

function activeOf(group: NexthopGroup, choices: Choices): readonly number[] {
  const chosen = choices.get(group.segment) ?? [];
  const active = group.candidates.filter(({ name }) => chosen.includes(name)).map(({ nexthop }) => nexthop);
  return active.length === 0 ? group.active : active;
}

function wayOf({ name, slot }: GroupCandidate): SegmentWays['ways'][number] {
  return { name, kind: name.startsWith('plane/') ? 'plane' : 'node', slot };
}

function settingsOf(probes: MeshSpec['probes']): FailoverSettings {
  const pace = (given: { readonly intervalMilliseconds?: number | undefined; readonly misses?: number | undefined } | undefined, fallback: Pace): Pace => ({
    intervalMs: given?.intervalMilliseconds ?? fallback.intervalMs,
    misses: given?.misses ?? fallback.misses,
  });
  return {
    ...DEFAULT_SETTINGS,
    near: pace(probes?.near, DEFAULT_SETTINGS.near),
    tunnel: pace(probes?.tunnel, DEFAULT_SETTINGS.tunnel),
    // It goes through a tunnel of the gateway in between.
    through: pace(probes?.tunnel, DEFAULT_SETTINGS.through),
    returnMs: probes?.returnSeconds === undefined ? DEFAULT_SETTINGS.returnMs : probes.returnSeconds * 1000,
  };
}
