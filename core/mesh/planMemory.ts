/**
 * What a node's plan is made of, kept from one plan to the next, so that a change of one node costs little more than that node. It says
 * nothing that the inputs do not: a plan is the same with any memory.
 */
import type { MeshNode } from '../api/meshNode.js';
import type { Problem } from '../api/problem.js';
import { type ByName, createByName } from '../memory/byName.js';
import { createPerObject, type PerObject } from '../memory/perObject.js';
import { createSorter, type Sorter } from '../memory/sorter.js';
import { createWhileSame, type WhileSame } from '../memory/whileSame.js';
import type { Neighbour } from './encapsulation/strategy.js';
import type { NexthopName } from './nexthopName.js';
import type { Nexthop, Route } from './plan.js';
import { createPrefixSorters, type PrefixSorters } from './prefixSorters.js';
import { compareRoutes } from './routes.js';
import type { Segmented } from './segments.js';

export interface PlanMemory {
  readonly prefixes: PrefixSorters;
  readonly neighbours: PerObject<MeshNode, Neighbour>;
  readonly peers: WhileSame<Segmented>;
  readonly routing: RoutingMemory;
}

export interface RoutingMemory {
  /** Nexthops of this node's own planes. */
  readonly planes: WhileSame<readonly NamedNexthop[]>;
  readonly ids: WhileSame<ReadonlyMap<string, number>>;
  readonly nexthops: PerObject<NamedNexthop, Nexthop>;
  /** Inside the location. */
  readonly near: PerObject<Neighbour, NearWay>;
  readonly toNodes: PerObject<Neighbour, readonly Route[]>;
  /** By segment. */
  readonly remote: ByName<readonly Route[]>;
  readonly probes: WhileSame<readonly Route[]>;
  readonly destinations: Sorter<NearDestination>;
  readonly sortedNexthops: Sorter<Nexthop>;
  readonly sortedRoutes: Sorter<Route>;
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
    prefixes: createPrefixSorters(),
    neighbours: createPerObject(),
    peers: createWhileSame(),
    routing: {
      planes: createWhileSame(),
      ids: createWhileSame(),
      nexthops: createPerObject(),
      near: createPerObject(),
      toNodes: createPerObject(),
      remote: createByName(),
      probes: createWhileSame(),
      destinations: createSorter((a, b) => (a.dst === b.dst ? 0 : a.dst < b.dst ? -1 : 1)),
      sortedNexthops: createSorter((a, b) => a.id - b.id),
      sortedRoutes: createSorter(compareRoutes),
    },
  };
}
