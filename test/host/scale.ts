/**
 * How long a node with many peers takes: from nothing, found as planned, and for one change.
 */
import { readFileSync } from 'node:fs';
import { createWorkbench } from './bench.js';
import { gatewayPlan, type Remote } from './plans.js';
import type { NodePlan } from '../../core/mesh/plan.js';

export interface Scale {
  readonly peers: number;
  readonly changes: number;
  readonly failures: number;
  readonly firstMs: Milliseconds;
  readonly adoptMs: Milliseconds;
  readonly adoptChanges: number;
  /** One endpoint, one peer more, one group; each several times; plan and apply together, sorted. */
  readonly endpointMs: readonly number[];
  readonly peerMs: readonly number[];
  readonly groupMs: readonly number[];
  readonly rssMiB: number;
}

interface Milliseconds {
  readonly look: number;
  readonly plan: number;
  readonly apply: number;
}

const ROUNDS = 20;

export async function scale(argument: string): Promise<Scale> {
  const count = Number(argument);
  const bench = await createWorkbench();
  const plan = withPeople(count);
  const first = await bench.go(plan);
  const adopted = await bench.go(plan);
  const { model } = adopted;
  const timed = async (next: (round: number) => NodePlan): Promise<readonly number[]> => {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { ms } = await bench.go(next(round), model);
      times.push(ms.plan + ms.apply);
    }
    return times.toSorted((a, b) => a - b).map((time) => Math.round(time * 100) / 100);
  };
  const endpointMs = await timed((round) => withPeople(count, { endpoint: `10.0.0.66:${5000 + round}` }));
  const peerMs = await timed((round) => withPeople(count + (round % 2)));
  const groupMs = await timed((round) => withPeople(count, { active: round % 2 }));
  return {
    peers: count,
    changes: first.commands.length,
    failures: first.failures.length,
    firstMs: first.ms,
    adoptMs: adopted.ms,
    adoptChanges: adopted.commands.length,
    endpointMs,
    peerMs,
    groupMs,
    rssMiB: Number(/VmRSS:\s+([0-9]+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024,
  };
}

/** One remote cluster, and `count` laptops on plane 0, all in one group. */
function withPeople(count: number, east: Partial<Remote> = {}): NodePlan {
  const base = gatewayPlan({ remotes: [{ name: 'east', prefixes: ['10.42.0.0/24'], endpoint: '10.0.0.66:51820', ...east }] });
  const people = gatewayPlan({ planes: 1, remotes: Array.from({ length: count }, (_, index) => ({ name: `p${index}`, prefixes: [`10.${128 + (index >> 8)}.${index & 255}.1/32`], endpoint: `10.0.0.${3 + (index % 250)}:51820` })) });
  const group = people.groups[0];
  if (group === undefined) return base;
  return {
    ...base,
    interfaces: base.interfaces.map((one) => (one.plane === 0 ? { ...one, peers: [...one.peers, ...(people.interfaces[0]?.peers ?? [])] } : one)),
    groups: [...base.groups, group],
    routes: [...base.routes, ...people.routes.map((route) => (route.to.kind === 'group' ? { ...route, to: { kind: 'group' as const, id: group.id } } : route))],
  };
}
