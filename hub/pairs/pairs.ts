/**
 * Decisions about two members, for Peers and Services alike: whether they may be linked, who holds a prefix, and what one can
 * reach of the other.
 */
import { underlayAddressesOf } from '../../core/mesh/segments.js';
import { singleAddress } from '../../core/net/cidr.js';
import { type CidrIndex, createCidrIndex } from '../../core/net/cidrIndex.js';
import { createWhileSame, type WhileSame } from '../../core/memory/whileSame.js';
import type { Federation } from '../federation/federation.js';
import type { Member } from '../members/member.js';
import type { ClusterFacts } from '../records/admit/clusterFacts.js';
import { evaluatePair, type PairVerdict } from './evaluatePair.js';
import { createOverlaps, type Overlaps } from './overlaps.js';
import { contendersOf, ownership, strangersIn } from './ownership.js';
import { findReach, type PairInput, type Reach } from './routablePrefixes.js';
import { type TargetNetworks, targetNetworks } from './targetNetworks.js';

export interface Pairs {
  readonly overlaps: Overlaps;
  /** Whether the gateways of `source` may be registered in `target`. Both are ids. */
  evaluate(source: string, target: string): PairVerdict;
  /** What plans for the pair are made of. Undefined: one of them has no usable Mesh. */
  input(source: Member, target: Member): PairInput | undefined;
  /** Ids of the members that claim something that `source` claims too, sorted. */
  rivals(source: Member): readonly string[];
  /** What of `source` `target` can reach. If both are the same member: all its pod ranges and node addresses. */
  reach(source: Member, target: Member): Reach;
}

export function createPairs(federation: Federation): Pairs {
  const overlaps = createOverlaps({ ids: federation.ids, facts: (id) => federation.known(id)?.records.facts() });
  /** By target, then by source. Each is valid while all that it was made of is the same. */
  const kept = new Map<string, Map<string, WhileSame<Reach>>>();
  /** By target. Valid while its facts and what people have there stay the same. */
  const networks = new Map<string, WhileSame<TargetNetworks>>();
  const rivalsOf = new Map<string, readonly string[]>();
  let apiServers: { readonly told: string; readonly index: CidrIndex<string> } = { told: '', index: createCidrIndex<string>([]) };
  let generation = -1;

  function refresh(): void {
    if (generation === federation.generation()) return;
    generation = federation.generation();
    rivalsOf.clear();
    for (const [target, sources] of kept) {
      if (federation.member(target) === undefined) {
        kept.delete(target);
        networks.delete(target);
      }
      for (const source of sources.keys()) if (federation.member(source) === undefined) sources.delete(source);
    }
    const servers = federation.apiServers().map(({ id, address }): [string, string] => [address, id]);
    const told = JSON.stringify(servers);
    if (apiServers.told !== told) apiServers = { told, index: createCidrIndex(servers) };
  }

  function networksOf(target: Member, facts: ClusterFacts): TargetNetworks {
    const people = target.records.heldByPeople();
    return keptIn(networks, target.id).get([facts, people], () => targetNetworks({ facts, people }));
  }

  function input(source: Member, target: Member): PairInput | undefined {
    const facts = source.records.facts();
    const targetFacts = target.records.facts();
    if (facts === undefined || targetFacts === undefined) return undefined;
    refresh();
    return {
      source: { id: source.id, facts },
      target: { id: target.id, facts: targetFacts, networks: networksOf(target, targetFacts) },
      apiServers: apiServers.index,
      ownership: ownership(source, target, { federation, overlaps, rivals: rivals(source) }),
    };
  }

  function find(source: Member, target: Member): Reach {
    const facts = source.records.facts();
    if (facts === undefined) return NOTHING;
    if (source.id === target.id) return ownReach([...facts.podCIDRs, ...facts.nodes.flatMap(underlayAddressesOf).map(singleAddress)]);
    const pair = input(source, target);
    return pair === undefined ? NOTHING : findReach(pair);
  }

  /** All that `find` looks at. One member that changes all the time must not make the others' be found again. */
  function madeOf(source: Member, target: Member): readonly unknown[] {
    const { records } = target;
    const facts = source.records.facts();
    if (source.id === target.id) return [facts];
    const others = [...rivals(source), ...strangersIn(source.id, target, federation).map(({ id }) => id)];
    return [
      facts,
      records.facts(),
      records.heldByPeople(),
      apiServers,
      records.heldBy(source.id),
      ...others.flatMap((id) => [id, federation.member(id)?.records.facts(), records.heldBy(id)]),
    ];
  }

  function rivals(source: Member): readonly string[] {
    refresh();
    const found = rivalsOf.get(source.id) ?? contendersOf(source, { federation, overlaps });
    rivalsOf.set(source.id, found);
    return found;
  }

  return {
    overlaps,
    evaluate: (source, target) => evaluatePair(source, target, { federation, overlaps }),
    input,
    rivals,
    reach(source, target) {
      refresh();
      const ofTarget = kept.get(target.id) ?? new Map<string, WhileSame<Reach>>();
      kept.set(target.id, ofTarget);
      return keptIn(ofTarget, source.id).get(madeOf(source, target), () => find(source, target));
    },
  };
}

const NOTHING: Reach = { prefixes: [], services: [], reachable: [], substitutes: new Map() };

function ownReach(prefixes: readonly string[]): Reach {
  return { ...NOTHING, prefixes, reachable: prefixes };
}

function keptIn<T>(all: Map<string, WhileSame<T>>, key: string): WhileSame<T> {
  const found = all.get(key) ?? createWhileSame<T>();
  all.set(key, found);
  return found;
}
