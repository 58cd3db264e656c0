/**
 * The federation in which gateways fail: east with the locations a (two gateways and a node without a tunnel) and b (two
 * gateways), west with two gateways and a node without. Set up once; every row does something to it and leaves it whole.
 */
import { readdirSync, readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import type { MeshNode } from '../../core/api/meshNode.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import type { BareCluster, BareNode } from '../bare/cluster.js';
import { type Faults, createFaults } from '../lab/network/faults.js';
import { createLan, type Lan } from '../bare/network.js';
import { run, sleep, until } from '../lab/process.js';
import { type Federation, startFederation, unreachablePairs } from '../e2e/federation.js';

export interface World {
  readonly federation: Federation;
  readonly faults: Faults;
  readonly east: BareCluster;
  readonly west: BareCluster;
  node(name: string): BareNode;
  /** Names of all nodes that end tunnels. */
  readonly gateways: ReadonlySet<string>;
  lanOf(node: string): Lan;
  /** Of no location yet. */
  readonly spareLan: Lan;
  /** Names of the gateways that carry what `from` sends to pods of `to`, in order. */
  gatewaysBetween(from: string, to: string): Promise<readonly string[]>;
  /**
   * Everything healed, every agent running, every pod reaching every other, on every path there is; `anew`: and nobody remembering
   * earlier failures, which make agents slow to trust a gateway again. @throws after a minute.
   */
  calm(how?: 'anew'): Promise<void>;
  /** Sum over the agents of a counter of theirs, by node; an agent that does not answer is left out. */
  counts(metric: string): Promise<ReadonlyMap<string, number>>;
  /** Hub, cluster-agents and API servers. */
  stopControl(): Promise<void>;
  startControl(): Promise<void>;
  /** Replaces what both Meshes say beyond their ranges. */
  setMesh(spec: Readonly<Record<string, unknown>>): Promise<void>;
  /** Writes what all agents said in a span of the machine's wall clock, in order, to a file, and returns its path. */
  keepLogs(name: string, fromMs: number, toMs: number): string;
  stop(): Promise<void>;
}

/** A gateway that failed is not preferred again soon: all traffic stays together on the other one, and the next round fails that. */
export const STICKY = { probes: { failbackDelaySeconds: 3600 } };

export async function startWorld(dir: string): Promise<World> {
  const federation = await startFederation(
    [
      { name: 'east', index: 1, locations: { a: 3, b: 2 }, meshSpec: STICKY },
      { name: 'west', index: 2, locations: { c: 3 }, meshSpec: STICKY },
    ],
    { dir },
  );
  const faults = createFaults();
  const spareLan = await createLan(SPARE_LAN);
  const [east, west] = [federation.cluster('east'), federation.cluster('west')];
  const clusters = [east, west];

  const node = (name: string): BareNode => {
    const found = federation.nodes().find((each) => each.name === name);
    if (found === undefined) throw new Error(`no node ${name}`);
    return found;
  };
  await until('the federation', 60_000, async () => ((await unreachablePairs(federation.nodes(), 500)).length === 0 ? true : undefined));
  // Slots are for a node's life: they are read once, so that paths are known while the API servers are stopped.
  const gateways = (await Promise.all(clusters.map(gatewaysOf))).flat();
  const next = async (at: string, to: string): Promise<string> => {
    const hop = parseHop(await node(at).namespace.exec(['ip', '-j', 'route', 'get', node(to).pod.address]));
    if (hop.plane === undefined) return federation.nodes().find(({ address }) => address === hop.via)?.name ?? to;
    const segment = gateways.find(({ nodes }) => nodes.includes(to));
    const found = segment?.slots.get(hop.plane);
    if (found === undefined) throw new Error(`${at} sends what is for ${to} to slot ${hop.plane}, which nobody has`);
    return found;
  };

  const world: World = {
    federation,
    faults,
    east,
    west,
    node,
    lanOf(name) {
      const { address } = node(name);
      const found = federation.lans.find(({ prefix }) => address.startsWith(`${prefix}.`));
      if (found === undefined) throw new Error(`${name} is on no LAN`);
      return found;
    },
    spareLan,
    gateways: new Set(gateways.flatMap(({ slots }) => [...slots.values()])),
    async gatewaysBetween(from, to) {
      const passed: string[] = [];
      for (let at = await next(from, to); at !== to; at = await next(at, to)) {
        if (passed.includes(at)) throw new Error(`what ${from} sends to ${to} goes round by ${passed.join(', ')}`);
        passed.push(at);
      }
      return passed;
    },
    async calm(how) {
      await faults.healAll();
      if (how === 'anew') await Promise.all(federation.nodes().map((each) => each.killAgent('SIGKILL')));
      for (const each of federation.nodes()) if (each.agentPid() === undefined) each.startAgent();
      await until('every pod to reach every other', 60_000, async () =>
        (await unreachablePairs(federation.nodes(), 300)).length === 0 ? true : undefined,
      );
      await until('every path to work', 60_000, async () => {
        const down = (await Promise.all(federation.nodes().map(pathsDown))).flat();
        if (down.length > 0) throw new Error(down.join(', '));
        return true;
      });
      await sleep(SETTLE_MS);
    },
    async counts(metric) {
      const texts = await Promise.all(federation.nodes().map(async (each) => [each.name, await each.metrics().catch(() => '')] as const));
      return new Map(texts.filter(([, text]) => text !== '').map(([name, text]) => [name, sumOf(text, metric)]));
    },
    async stopControl() {
      await federation.killHub();
      await Promise.all(clusters.map((cluster) => cluster.stopControlPlane()));
    },
    async startControl() {
      await Promise.all(clusters.map((cluster) => cluster.startControlPlane()));
      federation.startHub();
    },
    setMesh: async (spec) => void (await Promise.all(clusters.map((cluster) => cluster.setMesh(spec)))),
    keepLogs: (name, fromMs, toMs) => keepLogs(dir, name, [fromMs, toMs]),
    async stop() {
      await federation.stop();
      await run(['ip', 'link', 'delete', spareLan.bridge]);
    },
  };
  return world;
}

/** Index of a LAN that no federation has. */
const SPARE_LAN = 40;
/** What became known last is told to the others meanwhile. */
const SETTLE_MS = 500;

interface Segment {
  readonly nodes: readonly string[];
  /** Gateways by slot. */
  readonly slots: ReadonlyMap<number, string>;
}

async function gatewaysOf(cluster: BareCluster): Promise<readonly Segment[]> {
  const nodes = await Promise.all(
    [...cluster.nodes.keys()].map((name) =>
      until(`the slot of ${name}`, 20_000, async () => {
        const found = await cluster.get<MeshNode & KubeObject>(RESOURCE.meshNode, name);
        return found?.status?.meshAddresses === undefined ? undefined : found;
      }),
    ),
  );
  return [...new Set(nodes.map(({ spec }) => spec.location))]
    .map((location) => nodes.filter(({ spec }) => spec.location === location))
    .map((segment) => ({
      nodes: segment.map(({ metadata }) => metadata.name),
      slots: new Map(
        segment.flatMap(({ metadata, status }): [number, string][] => (status?.slot === undefined ? [] : [[status.slot, metadata.name]])),
      ),
    }));
}

interface Hop {
  /** By the tunnel to the gateway in this slot. */
  readonly plane?: number;
  /** By this host of the LAN. */
  readonly via?: string;
}

/** What `ip -j route get` says. */
function parseHop(printed: string): Hop {
  const [route] = JSON.parse(printed) as [{ readonly dev: string; readonly gateway?: string }];
  const plane = /^kilo(\d+)$/.exec(route.dev)?.[1];
  if (plane !== undefined) return { plane: Number(plane) };
  return route.gateway === undefined ? {} : { via: route.gateway };
}

/** Probed paths of the node that do not work, or `no path` where it knows of none. */
async function pathsDown(node: BareNode): Promise<string[]> {
  const paths = (await node.metrics()).split('\n').flatMap((line) => {
    const [, path, value] = /^kilofed_node_path_up\{.*path="([^"]*)".*\} (\d)$/.exec(line) ?? [];
    return path === undefined ? [] : [{ path, works: value === '1' }];
  });
  return paths.length === 0 ? [`${node.name}: no path`] : paths.filter(({ works }) => !works).map(({ path }) => `${node.name}: ${path}`);
}

function sumOf(text: string, metric: string): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

function keepLogs(dir: string, name: string, [fromMs, toMs]: readonly [number, number]): string {
  const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
  const lines = readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((file) => /(node-agent-.*|cluster-agent)\.log$/.test(file))
    .flatMap((file) =>
      readFileSync(`${dir}/${file}`, 'utf8')
        .split('\n')
        .map((line) => ({
          time: /"time":"([^"]+)"/.exec(line)?.[1] ?? '',
          line: `${file.replace(/.*\/(node-agent-)?|\.log$/g, '')} ${line}`,
        })),
    )
    .filter(({ time }) => time >= from && time <= to)
    .toSorted((a, b) => (a.time < b.time ? -1 : 1));
  const path = `${dir}/evidence/${name}.log`;
  mkdirSync(`${dir}/evidence`, { recursive: true });
  writeFileSync(path, lines.map(({ line }) => `${line}\n`).join(''));
  return path;
}
