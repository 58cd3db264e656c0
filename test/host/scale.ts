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
  /** One endpoint is another, one peer more or less, one group leads elsewhere. */
  readonly endpoint: Repeated;
  readonly peer: Repeated;
  readonly group: Repeated;
  readonly rssMiB: number;
}

/** What was done several times. */
export interface Repeated {
  /** To plan and to apply, sorted. */
  readonly ms: readonly number[];
  /** Of each time. */
  readonly commands: readonly (readonly string[])[];
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
  const often = async (next: (round: number) => NodePlan): Promise<Repeated> => {
    const ms: number[] = [];
    const commands: (readonly string[])[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const step = await bench.go(next(round), model);
      ms.push(step.ms.plan + step.ms.apply);
      commands.push(step.commands);
    }
    return { ms: ms.toSorted((a, b) => a - b).map((time) => Math.round(time * 100) / 100), commands };
  };
  const endpoint = await often((round) => withPeople(count, { endpoint: `10.0.0.66:${5000 + round}` }));
  const peer = await often((round) => withPeople(count + (round % 2)));
  const group = await often((round) => withPeople(count, { active: round % 2 }));
  return {
    peers: count,
    changes: first.commands.length,
    failures: first.failures.length,
    firstMs: first.ms,
    adoptMs: adopted.ms,
    adoptChanges: adopted.commands.length,
    endpoint,
    peer,
    group,
    rssMiB: Number(/VmRSS:\s+([0-9]+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024,
  };
}

/** One remote cluster, and `count` laptops on plane 0, all in one group. */
function withPeople(count: number, east: Partial<Remote> = {}): NodePlan {
  const base = gatewayPlan({ remotes: [{ name: 'east', prefixes: ['10.42.0.0/24'], endpoint: '10.0.0.66:51820', ...east }] });
  const external = gatewayPlan({
    planes: 1,
    remotes: Array.from({ length: count }, (_, index) => ({
      name: `p${index}`,
      prefixes: [`10.${128 + (index >> 8)}.${index & 255}.1/32`],
      endpoint: `10.0.0.${3 + (index % 250)}:51820`,
    })),
  });
  const group = external.groups[0];
  if (group === undefined) return base;
  return {
    ...base,
    interfaces: base.interfaces.map((one) =>
      one.plane === 0 ? { ...one, peers: [...one.peers, ...(external.interfaces[0]?.peers ?? [])] } : one,
    ),
    groups: [...base.groups, group],
    routes: [
      ...base.routes,
      ...external.routes.map((route) => (route.to.kind === 'group' ? { ...route, to: { kind: 'group' as const, id: group.id } } : route)),
    ],
  };
}
