/**
 * What a node's plan is made of, kept from one plan to the next, so that a change of one node costs little more than that node. It says
 * nothing that the inputs do not: a plan is the same with any memory.
 */
import type { MeshNode } from '../api/meshNode.js';
import type { Problem } from '../api/problem.js';
import { type ByName, createByName } from '../memory/byName.js';
import { createFlatMap, type FlatMap } from '../memory/flatMap.js';
import { createPerObject, type PerObject } from '../memory/perObject.js';
import { createSorter, type Sorter } from '../memory/sorter.js';
import { createWhileSame, type WhileSame } from '../memory/whileSame.js';
import type { Neighbour } from './encapsulation/strategy.js';
import type { NexthopName } from './nexthopName.js';
import type { Nexthop, Route } from './plan.js';
import { createPrefixSorters, type PrefixSorters } from './prefixSorters.js';
import type { ProbeTarget } from './probing.js';
import { compareRoutes } from './routes.js';
import type { Segmented } from './segments.js';

export interface PlanMemory {
  readonly verified: FlatMap<MeshNode, MeshNode>;
  readonly prefixes: PrefixSorters;
  /** Of the node's site. */
  readonly local: FlatMap<MeshNode, MeshNode>;
  readonly neighbour: PerObject<MeshNode, Neighbour>;
  readonly neighbours: FlatMap<MeshNode, Neighbour>;
  readonly segmentPeers: FlatMap<Neighbour, ProbeTarget>;
  readonly peers: WhileSame<Segmented>;
  readonly routing: RoutingMemory;
}

export interface RoutingMemory {
  /** Nexthops of this node's own planes. */
  readonly planes: WhileSame<readonly NamedNexthop[]>;
  readonly names: WhileSame<ReadonlySet<string>>;
  readonly ids: WhileSame<ReadonlyMap<string, number>>;
  /** To nodes of the location, their keys, and with their ids. */
  readonly named: FlatMap<Neighbour, NamedNexthop>;
  readonly keys: FlatMap<NamedNexthop, string>;
  readonly nexthops: FlatMap<NamedNexthop, Nexthop>;
  readonly nexthop: PerObject<NamedNexthop, Nexthop>;
  /** Inside the location. */
  readonly near: NearMemory;
  /** By segment. */
  readonly remote: ByName<readonly Route[]>;
  readonly probes: WhileSame<readonly Route[]>;
  readonly sortedNexthops: Sorter<Nexthop>;
  readonly sortedRoutes: Sorter<Route>;
}

interface NearMemory {
  readonly way: PerObject<Neighbour, NearWay>;
  readonly ways: FlatMap<Neighbour, NearWay>;
  readonly problems: FlatMap<NearWay, Problem>;
  readonly destinations: FlatMap<NearWay, NearDestination>;
  readonly sorted: Sorter<NearDestination>;
  readonly routes: FlatMap<NearDestination, Route>;
  readonly wayToNode: PerObject<Neighbour, readonly Route[]>;
  readonly toNodes: FlatMap<Neighbour, Route>;
}

/** How a node of the location is reached. */
export interface NearWay {
  readonly destinations: readonly NearDestination[];
  readonly problems: readonly Problem[];
}

export interface NearDestination {
  readonly dst: string;
  /** Whose it is, in words. */
  readonly holder: string;
  /** Absent: this node. */
  readonly node?: string;
  readonly routes: readonly Route[];
}

export interface NamedNexthop extends Omit<Nexthop, 'id'> {
  readonly name: NexthopName;
  /** What its id is given to. */
  readonly key: string;
}

export function createPlanMemory(): PlanMemory {
  return {
    verified: createFlatMap(),
    prefixes: createPrefixSorters(),
    local: createFlatMap(),
    neighbour: createPerObject(),
    neighbours: createFlatMap(),
    segmentPeers: createFlatMap(),
    peers: createWhileSame(),
    routing: {
      planes: createWhileSame(),
      names: createWhileSame(),
      ids: createWhileSame(),
      named: createFlatMap(),
      keys: createFlatMap(),
      nexthops: createFlatMap(),
      nexthop: createPerObject(),
      near: {
        way: createPerObject(),
        ways: createFlatMap(),
        problems: createFlatMap(),
        destinations: createFlatMap(),
        sorted: createSorter((a, b) => (a.dst === b.dst ? 0 : a.dst < b.dst ? -1 : 1)),
        routes: createFlatMap(),
        wayToNode: createPerObject(),
        toNodes: createFlatMap(),
      },
      remote: createByName(),
      probes: createWhileSame(),
      sortedNexthops: createSorter((a, b) => a.id - b.id),
      sortedRoutes: createSorter(compareRoutes),
    },
  };
}
