/**
 * All members together: who exports what, who overlaps whom, and who is not a member any more.
 */
import { internalAddresses } from '../../core/mesh/segments.js';
import type { Member } from '../members/member.js';
import { createOverlaps, type Overlaps } from './overlaps.js';

export interface Federation {
  /** Ids of the declared members, sorted. */
  ids(): readonly string[];
  member(id: string): Member | undefined;
  /** A member whose records are complete. */
  known(id: string): Member | undefined;
  /** Certainly not a member: what is left of it may go. False while that is in doubt. */
  isGone(id: string): boolean;
  readonly overlaps: Overlaps;
  /** Ids of the members known to export a Service, sorted. */
  exportersOf(service: string): readonly string[];
  /** Every Service that anybody exports, as `namespace/name`, with its exporters. */
  exported(): ReadonlyMap<string, readonly string[]>;
  /** Whether a member besides `id` has a node of this address. */
  isNodeElsewhere(address: string, id: string): boolean;
  /** Members besides `id` that have one of these node addresses. */
  sharing(addresses: readonly string[], id: string): readonly string[];
  /** The facts of some member changed. */
  factsChanged(): void;
  /** Some member exports something else than before. */
  exportsChanged(): void;
  /** Goes up with every `factsChanged`: what was derived from facts may be kept while it stays. */
  generation(): number;
}

export interface FederationDeps {
  readonly members: () => readonly Member[];
  readonly isGone: (id: string) => boolean;
}

export function createFederation(deps: FederationDeps): Federation {
  let generation = 0;
  let owners: ReadonlyMap<string, readonly string[]> | undefined;

  let byId: { readonly of: readonly Member[]; readonly members: ReadonlyMap<string, Member> } | undefined;
  let exporters: ReadonlyMap<string, readonly string[]> | undefined;

  const member = (id: string): Member | undefined => {
    const all = deps.members();
    if (byId?.of !== all) byId = { of: all, members: new Map(all.map((each) => [each.id, each])) };
    return byId.members.get(id);
  };
  const known = (id: string): Member | undefined => {
    const found = member(id);
    return found?.synced() === true ? found : undefined;
  };
  const ids = (): readonly string[] => deps.members().map(({ id }) => id);

  function ownersOf(address: string): readonly string[] {
    owners ??= indexNodes(deps.members());
    return owners.get(address) ?? [];
  }

  function exportIndex(): ReadonlyMap<string, readonly string[]> {
    exporters ??= indexExports(deps.members().filter((each) => each.synced()));
    return exporters;
  }

  return {
    ids,
    member,
    known,
    isGone: deps.isGone,
    overlaps: createOverlaps({ ids, facts: (id) => known(id)?.records.facts() }),
    exportersOf: (service) => exportIndex().get(service) ?? [],
    exported: () => exportIndex(),
    isNodeElsewhere: (address, id) => ownersOf(address).some((owner) => owner !== id),
    sharing: (addresses, id) => [...new Set(addresses.flatMap(ownersOf))].filter((owner) => owner !== id),
    factsChanged() {
      owners = undefined;
      generation += 1;
    },
    exportsChanged() {
      exporters = undefined;
    },
    generation: () => generation,
  };
}

function indexExports(members: readonly Member[]): Map<string, string[]> {
  const index = new Map<string, string[]>();
  for (const { id, records } of members) {
    for (const service of records.exported()) {
      const ids = index.get(service);
      if (ids === undefined) index.set(service, [id]);
      else ids.push(id);
    }
  }
  return index;
}

function indexNodes(members: readonly Member[]): Map<string, string[]> {
  const index = new Map<string, string[]>();
  for (const { id, records } of members) {
    for (const address of new Set((records.facts()?.nodes ?? []).flatMap(internalAddresses))) {
      index.set(address, [...(index.get(address) ?? []), id]);
    }
  }
  return index;
}
