/**
 * What failover works on, out of a node's plan.
 */
import type { MeshSpec } from '../api/meshSpec.js';
import type { NexthopName, NexthopTarget } from '../mesh/nexthopName.js';
import type { GroupPath, NodePlan } from '../mesh/plan.js';
import { type PathName, pathName, type ProbePath, type ProbeTarget } from '../mesh/probing.js';
import { DEFAULT_SETTINGS, type FailoverSettings, type Pace } from './settings.js';

export interface FailoverConfig {
  readonly settings: FailoverSettings;
  readonly isGateway: boolean;
  readonly paths: readonly ProbePath[];
  readonly segmentPeers: readonly ProbeTarget[];
  /** By remote segment. */
  readonly segments: ReadonlyMap<string, SegmentPaths>;
}

interface SegmentPaths {
  /** In order of preference. */
  readonly paths: readonly SegmentPath[];
  /** Use all that work, not the first only. */
  readonly spread: boolean;
}

/** A path to a segment: what a nexthop group may use. */
export type SegmentPath = NexthopTarget & {
  readonly name: NexthopName;
  /** The probed path whose state says whether this one works. Nothing is probed under that name where the far end answers no probes. */
  readonly probe: PathName;
};

export function failoverConfig(plan: NodePlan, probes: MeshSpec['probes']): FailoverConfig {
  const segments = new Map<string, SegmentPaths>();
  for (const { segment, paths, spread } of plan.groups) {
    // The groups of the two families have the same paths, but for those that exist in one of them only.
    const all = [...(segments.get(segment)?.paths ?? []), ...paths.map((path) => segmentPath(segment, path))];
    segments.set(segment, {
      paths: all.filter(({ name }, index) => all.findIndex((path) => path.name === name) === index),
      spread: spread === true,
    });
  }
  return {
    settings: settingsOf(probes),
    isGateway: plan.role.kind === 'gateway',
    paths: plan.probing?.paths ?? [],
    segmentPeers: plan.probing?.segmentPeers ?? [],
    segments,
  };
}

function segmentPath(segment: string, { nexthop: _nexthop, ...path }: GroupPath): SegmentPath {
  const probe = path.kind === 'plane' ? pathName({ kind: 'tunnel', slot: path.slot, segment }) : pathName({ kind: 'lan', node: path.node });
  return { ...path, probe };
}

function settingsOf(probes: MeshSpec['probes']): FailoverSettings {
  const pace = (
    given: { readonly periodMilliseconds?: number | undefined; readonly failureThreshold?: number | undefined } | undefined,
    fallback: Pace,
  ): Pace => ({
    periodMs: given?.periodMilliseconds ?? fallback.periodMs,
    failureThreshold: given?.failureThreshold ?? fallback.failureThreshold,
  });
  return {
    ...DEFAULT_SETTINGS,
    lan: pace(probes?.lan, DEFAULT_SETTINGS.lan),
    tunnel: pace(probes?.tunnel, DEFAULT_SETTINGS.tunnel),
    // It goes through a tunnel of the gateway in between.
    relay: pace(probes?.tunnel, DEFAULT_SETTINGS.relay),
    failbackDelayMs: probes?.failbackDelaySeconds === undefined ? DEFAULT_SETTINGS.failbackDelayMs : probes.failbackDelaySeconds * 1000,
  };
}
