/**
 * Which endpoints behind one Service of an importing member are held back: those that cannot be reached, and those that are not chosen.
 * They stay in their slices, neither ready nor serving (core/services/readiness.ts). What would be chosen if those that are chosen were
 * gone stands by, so that the proxy need not wait for anybody when they go.
 *
 * It looks at mirrored slices as they stand, whether anything in them is held back or not, so the hub that plans them and the cluster-agent
 * that finds them come to the same.
 */
import { LABEL } from '../api/names.js';
import type { KubeObject } from '../api/resources.js';
import { groupByName } from '../mesh/groupByName.js';
import { type Hold, saidReady } from './readiness.js';
import { type Candidate, choose } from './choose.js';
import type { ChoicePolicy } from './choicePolicy.js';

export interface ChoiceSlice extends KubeObject {
  readonly addressType?: string;
  readonly ports?: readonly Readonly<Record<string, unknown>>[] | null;
  readonly endpoints?: readonly Readonly<Record<string, unknown>>[] | null;
}

/** Endpoints of the member's own that stand behind the same name, in slices that are not ours. */
export interface Beside {
  /** Id of the member. */
  readonly member: string;
  /** How many of them are ready, by `addressType`. */
  readonly ready: Readonly<Record<string, number>>;
}

interface HeldBackInput {
  readonly policy: ChoicePolicy;
  /** All that join the Service. */
  readonly slices: readonly ChoiceSlice[];
  /** Whether an address of a member cannot be reached. */
  readonly isCut: (member: string, address: string) => boolean;
  readonly beside?: Beside;
}

/** For an address in one of the slices. */
export function heldBack({ policy, slices, isCut, beside }: HeldBackInput): (slice: KubeObject) => (address: string) => Hold {
  const drained = new Set(policy.drained);
  const serving = new Set<string>();
  const standby = new Set<string>();
  const ready = new Set<string>();
  for (const [family, ofFamily] of groupByName(slices.map(readyIn), ({ addressType }) => addressType)) {
    for (const group of byPort(ofFamily)) {
      const candidates = [
        ...groupByName(group, ({ member }) => member).map(([member, each]): Candidate => ({
          member,
          ready: each.flatMap((one) => one.ready),
        })),
        ...(beside === undefined ? [] : [besideCandidate(beside, family)]),
      ];
      for (const { member, ready: addresses } of candidates) for (const address of addresses) ready.add(keyOf(member, address));
      const chosen = choose(policy, candidates);
      const next = choose(
        policy,
        candidates.filter(({ member }) => !chosen.has(member)),
      );
      for (const [member, addresses] of chosen) for (const address of addresses) serving.add(keyOf(member, address));
      for (const [member, addresses] of next) for (const address of addresses) standby.add(keyOf(member, address));
    }
  }

  function readyIn(slice: ChoiceSlice): ReadySlice {
    const member = memberOf(slice);
    return {
      member,
      addressType: slice.addressType ?? '',
      ports: (slice.ports ?? []).map(({ name, protocol }) => JSON.stringify([protocol ?? 'TCP', name ?? ''])),
      ready: drained.has(member) ? [] : [...new Set(saidReady(slice).filter((address) => !isCut(member, address)))],
    };
  }

  return (slice) => {
    const member = memberOf(slice);
    if (drained.has(member)) return () => true;
    return (address) => {
      const key = keyOf(member, address);
      if (isCut(member, address)) return true;
      if (!ready.has(key) || serving.has(key)) return false;
      return standby.has(key) ? 'standby' : true;
    };
  };
}

interface ReadySlice {
  readonly member: string;
  readonly addressType: string;
  readonly ports: readonly string[];
  readonly ready: readonly string[];
}

/**
 * Exporters need not have the same ports, and of each port some endpoint must serve. So where slices differ, it is chosen for every port,
 * and whoever is chosen for one serves.
 */
function byPort(slices: readonly ReadySlice[]): (readonly ReadySlice[])[] {
  const able = slices.filter(({ ready }) => ready.length > 0);
  const names = new Set(able.flatMap(({ ports }) => ports));
  if (able.every(({ ports }) => ports.length === names.size)) return [able];
  return [...names].toSorted().map((name) => able.filter(({ ports }) => ports.includes(name)));
}

function besideCandidate({ member, ready }: Beside, family: string): Candidate {
  // Which ones they are does not matter: all serve.
  return { member, fixed: true, ready: Array.from({ length: ready[family] ?? 0 }, (_, index) => `own ${index}`) };
}

function memberOf({ metadata }: KubeObject): string {
  return metadata.labels?.[LABEL.cluster] ?? '';
}

function keyOf(member: string, address: string): string {
  return `${member} ${address}`;
}
