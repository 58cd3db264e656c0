/**
 * How long a change in one member takes to be real in another, on bare clusters with a real hub, with its queue in memory and in Redis:
 * other endpoints, new exports, one, 200 and 1 000 of them, exports that end, a restart, a new node. In the same run, in turn with the
 * hub's, the floor (bareMirror.ts): what any mirror must cost here.
 */
import type { BareCluster } from '../bare/cluster.js';
import { reaches } from '../bare/flow.js';
import { type Federation, startFederation, unreachablePairs } from '../e2e/federation.js';
import { sleep, until } from '../lab/process.js';
import { redisProgram, startRedis } from '../redis/server.js';
import { copyOf, runBareMirror } from './bareMirror.js';
import { VERY_MANY, manyExports } from './manyExports.js';
import { type BenchGroup, type Choice, type Figure, quantile } from './measure.js';
import { FLOOR, NAMESPACES, sketchOf } from './propagationObjects.js';
import { type Sightings, TAG, watchCluster } from './sightings.js';

const CHANGES = 100;
const EXPORTS = 50;
const AT_ONCE = 200;
const MANY = 1_000;
const NODES = 5;
const PAUSE_MS = 60;
/** Requests of the benchmark itself, at once: more than one person, and fewer than there are changes. */
const SIDE_BY_SIDE = 16;
/** What the hub may take, of what the floor takes. */
const MUST = { p50: 1.5, p99: 2, atOnce: 1.5 } as const;

export const propagation: BenchGroup = {
  name: 'propagation',
  about: 'endpoint changes, exports, their end, a restart and new nodes, from the write in one member to the effect in another',
  seconds: 1_500,
  async run(note, choice) {
    const inMemory = await measure('memory', [], { note, choice });
    if (redisProgram === undefined) throw new Error('redis-server is not installed: run `make setup`');
    const redis = await startRedis();
    try {
      return [...inMemory, ...(await measure('Redis', ['--redis-url', redis.url], { note, choice }))];
    } finally {
      await redis.stop();
    }
  },
};

interface World {
  readonly federation: Federation;
  readonly east: BareCluster;
  readonly inWest: Sightings;
  /** Name of the queue, for the names of the figures. */
  readonly queue: string;
  /** What is exported, of the hub's and of the floor's. */
  readonly exported: Set<string>;
}

interface Row {
  readonly name: string;
  run(world: World): Promise<readonly Figure[]>;
}

const ROWS: readonly Row[] = [
  { name: 'endpoint change, paced', run: (world) => endpointChanges(world, 'endpoint change, paced', PAUSE_MS) },
  { name: 'endpoint change, back to back', run: (world) => endpointChanges(world, 'endpoint change, back to back', 0) },
  { name: 'new export', run: newExports },
  { name: `${AT_ONCE} exports at once`, run: (world) => exportsAtOnce(world, AT_ONCE) },
  { name: `${MANY} exports at once`, run: (world) => exportsAtOnce(world, MANY) },
  { name: `end of ${AT_ONCE} exports at once`, run: exportsEnd },
  { name: 'restart, with a change meanwhile', run: restart },
  { name: 'new node', run: joins },
  { name: `${VERY_MANY} exports`, run: ofMany },
];

async function measure(
  queue: string,
  hubArgs: readonly string[],
  { note, choice }: { readonly note: (text: string) => void; readonly choice: Choice },
): Promise<readonly Figure[]> {
  const rows = ROWS.filter(({ name }) => choice.rows?.some((word) => `${queue} ${name}`.includes(word)) !== false);
  if (rows.length === 0) return [];
  const federation = await startFederation(
    [
      { name: 'east', index: 1, locations: { eu: 1 } },
      { name: 'west', index: 2, locations: { a: 1 } },
    ],
    { dir: '/tmp/kilofed-bench', hubArgs },
  );
  const stop = new AbortController();
  try {
    const [east, west] = [federation.cluster('east'), federation.cluster('west')];
    for (const cluster of [east, west])
      for (const name of NAMESPACES) await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await until('the federation', 60_000, async () =>
      (await unreachablePairs(federation.nodes(), 1_000)).length === 0 ? true : undefined,
    );
    const inWest = await watchCluster(west, stop.signal);
    await runBareMirror(east, west, stop.signal);
    const world: World = { federation, east, inWest, queue, exported: new Set() };
    for (const name of [STANDING, `${FLOOR}${STANDING}`]) await exportOne(world, name);
    const figures: Figure[] = [];
    for (const row of rows) {
      note(`${queue}: ${row.name}`);
      figures.push(...(await row.run(world)));
      // What is reported of it afterwards is not to be in the way of what comes next.
      await sleep(3_000);
    }
    return figures;
  } finally {
    stop.abort();
    await federation.stop();
  }
}

/** A Service that is exported before anything is measured. */
const STANDING = 'standing';

/** How it is called in the member that imports it: the hub keeps the name, the floor does not. */
function mirrorOf(name: string): string {
  return name.startsWith(FLOOR) ? copyOf(name) : name;
}

/** Resolves with the time at which the whole mirror was seen. */
function seenIn({ inWest }: World, name: string, port: number): Promise<number> {
  const mirror = mirrorOf(name);
  return latest([inWest.next(TAG.service(mirror)), inWest.next(TAG.endpoints(mirror, port))]);
}

async function latest(times: readonly Promise<number>[]): Promise<number> {
  return Math.max(...(await Promise.all(times)));
}

/** From the answer to the write to the mirror, milliseconds. */
async function exportOne(world: World, name: string): Promise<number> {
  await world.east.apply(sketchOf(name, 8080).slice);
  const seen = seenIn(world, name, 8080);
  await world.east.apply(sketchOf(name, 8080).service(true));
  const written = performance.now();
  world.exported.add(name);
  return Math.max(0, (await seen) - written);
}

/** Takes what is the hub's and what is the floor's in turn, so that both have the same machine. */
async function inTurn(
  rounds: number,
  one: (name: (base: string) => string, round: number) => Promise<number>,
): Promise<{ readonly hub: readonly number[]; readonly floor: readonly number[] }> {
  const [hub, floor]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    hub.push(await one((base) => base, round));
    floor.push(await one((base) => `${FLOOR}${base}`, round));
  }
  return { hub, floor };
}

function compared({ queue }: World, name: string, { hub, floor }: Awaited<ReturnType<typeof inTurn>>): Figure[] {
  const ratio = (q: number): number => quantile(hub.toSorted(ascending), q) / quantile(floor.toSorted(ascending), q);
  const of = `${queue}: ${name}`;
  return [
    { name: of, unit: 'ms', samples: hub },
    { name: `${of}, floor`, unit: 'ms', samples: floor },
    { name: `${of}, p50 / floor p50`, unit: 'ratio', samples: [ratio(0.5)], must: { max: { most: MUST.p50 } } },
    { name: `${of}, p99 / floor p99`, unit: 'ratio', samples: [ratio(0.99)], must: { max: { most: MUST.p99 } } },
  ];
}

const ascending = (a: number, b: number): number => a - b;

async function endpointChanges(world: World, name: string, pauseMs: number): Promise<readonly Figure[]> {
  const { east, inWest } = world;
  const first = pauseMs === 0 ? 20_000 : 30_000;
  const times = await inTurn(CHANGES, async (called, round) => {
    if (pauseMs > 0) await sleep(pauseMs);
    const [service, port] = [called(STANDING), first + round];
    const seen = inWest.next(TAG.endpoints(mirrorOf(service), port));
    await east.apply(sketchOf(service, port).slice);
    const written = performance.now();
    return Math.max(0, (await seen) - written);
  });
  return compared(world, name, times);
}

async function newExports(world: World): Promise<readonly Figure[]> {
  return compared(world, 'new export', await inTurn(EXPORTS, (called, round) => exportOne(world, called(`new-${round}`))));
}

/** From the first write to the last mirror, milliseconds. */
async function together(world: World, names: readonly string[]): Promise<number> {
  await side(names, (name) => world.east.apply(sketchOf(name, 8080).slice));
  const seen = latest(names.map((name) => seenIn(world, name, 8080)));
  const began = performance.now();
  await side(names, (name) => world.east.apply(sketchOf(name, 8080).service(true)));
  const took = (await seen) - began;
  for (const name of names) world.exported.add(name);
  return took;
}

function namesOf(count: number, prefix: string, first = count): readonly string[] {
  return Array.from({ length: first }, (_, n) => `${prefix}many-${count}-${n}`);
}

async function exportsAtOnce(world: World, count: number): Promise<readonly Figure[]> {
  const floor = await together(world, namesOf(count, FLOOR));
  await sleep(3_000);
  return comparedOnce(world, `${count} exports at once`, { hub: await together(world, namesOf(count, '')), floor });
}

/** Of more that go on: the hub deletes no half of a member's mirrors without a second list, which is not what is measured. */
async function exportsEnd(world: World): Promise<readonly Figure[]> {
  for (const prefix of ['', FLOOR]) {
    const missing = namesOf(MANY, prefix).filter((name) => !world.exported.has(name));
    if (missing.length > 0) await together(world, missing);
  }
  const end = async (all: readonly string[]): Promise<number> => {
    const gone = all.map(mirrorOf).flatMap((mirror) => [TAG.serviceGone(mirror), TAG.endpointsGone(mirror)]);
    const seen = latest(gone.map((tag) => world.inWest.next(tag)));
    const began = performance.now();
    await side(all, (name) => world.east.apply(sketchOf(name, 8080).service(false)));
    const took = (await seen) - began;
    for (const name of all) world.exported.delete(name);
    return took;
  };
  const floor = await end(namesOf(MANY, FLOOR, AT_ONCE));
  await sleep(3_000);
  return comparedOnce(world, `end of ${AT_ONCE} exports at once`, { hub: await end(namesOf(MANY, '', AT_ONCE)), floor });
}

function comparedOnce({ queue }: World, name: string, { hub, floor }: { readonly hub: number; readonly floor: number }): Figure[] {
  const of = `${queue}: ${name}`;
  return [
    { name: of, unit: 'ms', samples: [hub] },
    { name: `${of}, floor`, unit: 'ms', samples: [floor] },
    { name: `${of} / floor`, unit: 'ratio', samples: [hub / floor], must: { max: { most: MUST.atOnce } } },
  ];
}

/** From the start of a hub to the mirror of what was changed while there was none. It writes that, and nothing else. */
async function restart({ federation, east, inWest, queue }: World): Promise<readonly Figure[]> {
  const [times, writes]: [number[], number[]] = [[], []];
  for (let round = 0; round < 3; round += 1) {
    await federation.killHub();
    const port = 40_000 + round;
    await east.apply(sketchOf(STANDING, port).slice);
    await sleep(500);
    const before = inWest.ofHub();
    const seen = inWest.next(TAG.endpoints(STANDING, port));
    const began = performance.now();
    federation.startHub();
    times.push((await seen) - began);
    await sleep(5_000);
    writes.push(inWest.ofHub() - before);
  }
  return [
    { name: `${queue}: restart, until a change made meanwhile is mirrored`, unit: 'ms', samples: times },
    {
      name: `${queue}: restart, Services and slices written`,
      unit: 'writes',
      samples: writes,
      must: { min: { least: 1 }, max: { most: 1 } },
    },
  ];
}

/** From the start of the new node's agent to an answered packet from a pod of another cluster to a pod of the node. */
async function joins({ federation, queue }: World): Promise<readonly Figure[]> {
  const from = federation.cluster('west').nodes.get('west-a1');
  const samples: number[] = [];
  for (let round = 1; round <= NODES; round += 1) {
    const node = await federation
      .cluster('east')
      .addNode(`east-new${round}`, { location: 'eu', lan: federation.lans[0] as Federation['lans'][number], host: 100 + round });
    const began = performance.now();
    await until('the new node', 20_000, async () => (from === undefined ? undefined : await reaches(from.pod, node.pod, 3_000)));
    samples.push(performance.now() - began);
  }
  return [{ name: `${queue}: new node, reachable from another cluster`, unit: 'ms', samples }];
}

function ofMany(world: World): Promise<readonly Figure[]> {
  const { federation, queue, inWest } = world;
  const standing = [...world.exported].filter((name) => !name.startsWith(FLOOR)).length;
  return manyExports({ federation, queue, standing, exportTogether: (names) => together(world, names), written: inWest.ofHub });
}

async function side(names: readonly string[], one: (name: string) => Promise<unknown>): Promise<void> {
  const left = names.values();
  const worker = async (): Promise<void> => {
    for (const name of left) await one(name);
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
}
