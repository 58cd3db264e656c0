/**
 * `make bench ONLY=cost`: what an idle node-agent costs with fifty probed paths, and how long one with many peers takes.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { BareNode } from '../bare/cluster.js';
import { startFederation } from '../e2e/federation.js';
import { run, sleep, until } from '../lab/process.js';
import { runScenario } from '../host/runScenario.js';
import type { Scale } from '../host/scale.js';
import type { BenchGroup, Figure } from './measure.js';

/** Every remote location has two gateways, each reached by a tunnel of its own and around by the sibling: four paths. */
const LOCATIONS = 12;
const PATHS = 50;
const PEERS = 2_000;
const IDLE_SECONDS = 20;
const ROUNDS = 5;

export const cost: BenchGroup = {
  name: 'cost',
  about: `an idle agent with ${PATHS} probed paths; ${PEERS} peers, all at once and one more`,
  seconds: 150,
  async run(note) {
    note(`${PEERS} peers`);
    const scales: Scale[] = [];
    for (let round = 0; round < ROUNDS; round += 1) scales.push(await runScenario<Scale>('scale', String(PEERS)));
    note(`${PATHS} paths: ${LOCATIONS * 2 + 2} nodes start`);
    return [
      ...(await idle(note)),
      {
        name: `${PEERS} peers, from nothing: plan and apply`,
        unit: 'ms',
        samples: scales.map(({ firstMs }) => firstMs.plan + firstMs.apply),
        must: { p50: { most: 250 } },
      },
      {
        name: `${PEERS} peers, adopted: look and plan`,
        unit: 'ms',
        samples: scales.map(({ adoptMs }) => adoptMs.look + adoptMs.plan),
        must: { p50: { most: 250 } },
      },
      {
        name: `${PEERS} peers, an endpoint changes`,
        unit: 'ms',
        samples: scales.flatMap(({ endpoint }) => endpoint.ms),
        must: { p50: { most: 10 } },
      },
      {
        name: `${PEERS} peers, one more or less`,
        unit: 'ms',
        samples: scales.flatMap(({ peer }) => peer.ms),
        must: { p50: { most: 10 } },
      },
      {
        name: `${PEERS} peers, a group switches`,
        unit: 'ms',
        samples: scales.flatMap(({ group }) => group.ms),
        must: { p50: { most: 10 } },
      },
    ] satisfies Figure[];
  },
};

async function idle(note: (text: string) => void): Promise<readonly Figure[]> {
  const far = Object.fromEntries(Array.from({ length: LOCATIONS }, (_, index) => [`l${index + 1}`, 2]));
  const federation = await startFederation([{ name: 'east', index: 1, locations: { a: 2, ...far } }], { dir: '/tmp/kilofed-bench' });
  try {
    await federation.killHub();
    const nodes = [...federation.cluster('east').nodes.values()];
    const near = nodes.slice(0, 2);
    const counts = await until(`${PATHS} paths`, 90_000, async () => {
      const found = await Promise.all(near.map(pathsUp));
      return found.every((count) => count >= PATHS) ? found : undefined;
    });
    note(`${counts.join(' and ')} paths work; ${IDLE_SECONDS} s of idling`);
    await sleep(5_000);
    const tick = Number((await run(['getconf', 'CLK_TCK'])).trim());
    const before = nodes.map(ticksOf);
    await sleep(IDLE_SECONDS * 1000);
    const shares = nodes.map((node, index) => ((ticksOf(node) - (before[index] ?? 0)) / tick / IDLE_SECONDS) * 100);
    return [
      // All of them have as many paths: each is a sample.
      {
        name: `idle agent, ${PATHS} paths: share of a core (of ${availableParallelism()})`,
        unit: '%',
        samples: shares,
        must: { p50: { most: 1 } },
      },
      {
        name: `idle agent, ${PATHS} paths: resident memory`,
        unit: 'MiB',
        samples: nodes.map((node) => memory(node, 'VmRSS')),
        must: { p50: { most: 50 } },
      },
      { name: `idle agent, ${PATHS} paths: memory not shared`, unit: 'MiB', samples: nodes.map((node) => memory(node, 'RssAnon')) },
    ];
  } finally {
    await federation.stop();
  }
}

async function pathsUp(node: BareNode): Promise<number> {
  return (await node.metrics()).split('\n').filter((line) => /^kilofed_node_path_up\{.*\} 1$/.test(line)).length;
}

/** Processor time used so far, in clock ticks (proc(5), fields 14 and 15 of stat). */
function ticksOf(node: BareNode): number {
  const fields = (readFileSync(`/proc/${node.agentPid()}/stat`, 'utf8').split(') ')[1] ?? '').split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function memory(node: BareNode, field: 'VmRSS' | 'RssAnon'): number {
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${node.agentPid()}/status`, 'utf8'))?.[1]) / 1024;
}
