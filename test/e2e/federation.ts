/**
 * A federation of bare clusters with a real hub, as end-to-end tests and benchmarks use it: started once, then asked and
 * changed. Must run in a network namespace of its own (`make e2e` makes one).
 */
import { type ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { MeshNode } from '../../core/api/meshNode.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { type FederationStatus, federationStatusSchema } from '../../core/api/status.js';
import type { Family } from '../bare/addresses.js';
import { type BareCluster, type BareClusterSpec, type BareNode, PROGRAM, startBareCluster } from '../bare/cluster.js';
import { fetchText } from '../bare/fetchText.js';
import { reaches } from '../bare/flow.js';
import { createLan, createWan, type Lan } from '../bare/network.js';
import { logTo, run, start, until } from '../lab/process.js';

export interface Federation {
  readonly dir: string;
  readonly clusters: ReadonlyMap<string, BareCluster>;
  readonly lans: readonly Lan[];
  cluster(name: string): BareCluster;
  nodes(): readonly BareNode[];
  /** The members' kubeconfigs, as the hub sees them in its directory. */
  join(member: string, kubeconfig: string): void;
  /** Takes its kubeconfig away, and says that it has left for good. */
  leave(member: string): Promise<unknown>;
  /** `program`: another build than the one that ships. */
  startHub(program?: string): void;
  killHub(): Promise<void>;
  status(): Promise<FederationStatus>;
  /** What the hub says at its metrics port. @throws where that is not well, or nothing */
  hubText(path: '/metrics' | '/readyz'): Promise<string>;
  addCluster(spec: ClusterSketch): Promise<BareCluster>;
  stop(): Promise<void>;
}

interface ClusterSketch {
  readonly name: string;
  /** Second octet of its pod range, last part of its addresses: distinct for distinct clusters. */
  readonly index: number;
  /** Where it differs from what `index` gives. */
  readonly podPrefix?: string;
  /** Of pods, nodes and mesh addresses, the first one first; default IPv4 alone. */
  readonly families?: readonly Family[];
  /** Of its Mesh, beside the ranges. */
  readonly meshSpec?: Readonly<Record<string, unknown>>;
  /** Location to number of nodes; nodes are named `<cluster>-<location><n>`. */
  readonly locations: Readonly<Record<string, number>>;
}

const HUB_ADDRESS = '172.16.0.1';
const HUB_PORT = 9109;
const HUB_METRICS_PORT = 9110;

export async function startFederation(
  sketches: readonly ClusterSketch[],
  options: { readonly dir: string; readonly hubArgs?: readonly string[] },
): Promise<Federation> {
  const { dir } = options;
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(`${dir}/members`, { recursive: true });
  await createWan();
  await run(['ip', 'addr', 'replace', `${HUB_ADDRESS}/32`, 'dev', 'lo']);
  const clusters = new Map<string, BareCluster>();
  const lans: Lan[] = [];
  let hub: ChildProcess | undefined;

  const addCluster = async (sketch: ClusterSketch): Promise<BareCluster> => {
    const cluster = await startBareCluster({
      name: sketch.name,
      dir,
      ...rangesOf(sketch),
      ...(sketch.meshSpec === undefined ? {} : { meshSpec: sketch.meshSpec }),
    });
    for (const [location, count] of Object.entries(sketch.locations)) {
      const lan = await createLan(lans.length + 1);
      lans.push(lan);
      for (let index = 1; index <= count; index += 1) {
        const name = `${sketch.name}-${location}${index}`;
        await cluster.addNode(name, { location, lan, host: 10 + index });
        // The first of a location are its gateways, whichever agent is the quickest.
        await until(`a place for ${name}`, 30_000, async () => {
          const found = await cluster.get<MeshNode & KubeObject>(RESOURCE.meshNode, name);
          return found?.status?.meshAddresses === undefined ? undefined : true;
        });
      }
    }
    clusters.set(sketch.name, cluster);
    return cluster;
  };
  for (const sketch of sketches) await addCluster(sketch);

  const federation: Federation = {
    dir,
    clusters,
    lans,
    addCluster,
    cluster(name) {
      const found = clusters.get(name);
      if (found === undefined) throw new Error(`no cluster ${name}`);
      return found;
    },
    nodes: () => [...clusters.values()].flatMap((cluster) => [...cluster.nodes.values()]),
    join: (member, kubeconfig) => writeFileSync(`${dir}/members/${member}.yaml`, kubeconfig, { mode: 0o600 }),
    leave(member) {
      rmSync(`${dir}/members/${member}.yaml`, { force: true });
      const url = `http://${HUB_ADDRESS}:${HUB_PORT}/api/v1/members/${member}`;
      return until(`the hub to forget ${member}`, 20_000, async () => ((await fetch(url, { method: 'DELETE' })).ok ? true : undefined));
    },
    startHub(program = PROGRAM) {
      hub = start(
        [
          process.execPath,
          program,
          'hub',
          // One that is killed and started again is the same, and goes on at once.
          '--instance',
          'e2e',
          '--kubeconfig-dir',
          `${dir}/members`,
          '--listen',
          `${HUB_ADDRESS}:${HUB_PORT}`,
          '--listen-metrics',
          `${HUB_ADDRESS}:${HUB_METRICS_PORT}`,
          ...(options.hubArgs ?? []),
        ],
        {
          stdio: logTo(`${dir}/hub.log`),
        },
      );
    },
    killHub: () =>
      new Promise((resolve) => {
        if (hub === undefined || hub.exitCode !== null || hub.signalCode !== null) return resolve();
        hub.once('exit', () => resolve());
        hub.kill('SIGKILL');
        return undefined;
      }),
    status: async () => federationStatusSchema.parse(JSON.parse(await fetchText(`http://${HUB_ADDRESS}:${HUB_PORT}/api/v1/status`))),
    hubText: (path) => fetchText(`http://${HUB_ADDRESS}:${HUB_METRICS_PORT}${path}`),
    async stop() {
      await federation.killHub();
      await Promise.all([...clusters.values()].map((cluster) => cluster.stop()));
      for (const { bridge } of lans) await run(['ip', 'link', 'delete', bridge]);
    },
  };
  for (const cluster of clusters.values()) federation.join(cluster.name, cluster.api.kubeconfig('admin'));
  federation.startHub();
  return federation;
}

type Ranges = Pick<BareClusterSpec, 'address' | 'meshCIDRs' | 'podPrefixes' | 'serviceCIDR'>;

function rangesOf({ index, podPrefix, families = ['inet'] }: ClusterSketch): Ranges {
  const ranges: Readonly<Record<Family, { readonly [name in keyof Ranges]: string }>> = {
    inet: {
      address: `172.16.1.${index}`,
      meshCIDRs: `10.4.${index}.0/24`,
      podPrefixes: podPrefix ?? `10.${40 + index}`,
      serviceCIDR: `10.9${index}.0.0/16`,
    },
    inet6: {
      address: `fd16::1:${index}`,
      meshCIDRs: `fd04:0:${index}::/64`,
      podPrefixes: `fd42:${index}`,
      serviceCIDR: `fd90:${index}::/112`,
    },
  };
  const of = (name: keyof Ranges): string[] => families.map((family) => ranges[family][name]);
  return {
    address: of('address')[0] ?? '',
    meshCIDRs: of('meshCIDRs'),
    podPrefixes: of('podPrefixes'),
    serviceCIDR: of('serviceCIDR').join(),
  };
}

/** Every ordered pair of pods of different nodes that does not get through within `ms`, or not as itself. */
export async function unreachablePairs(nodes: readonly BareNode[], ms: number): Promise<string[]> {
  const failures: string[] = [];
  for (const from of nodes) {
    const others = nodes.filter((node) => node !== from);
    const seen = await Promise.all(others.map((to) => reaches(from.pod, to.pod, ms)));
    others.forEach((to, index) => {
      if (seen[index] !== from.pod.address)
        failures.push(`${from.name} -> ${to.name}: ${seen[index] === undefined ? 'lost' : `seen as ${seen[index]}`}`);
    });
  }
  return failures;
}

/** Waits up to 60 s for every pair of pods of different nodes to get through. @returns those that still do not. */
export async function untilAllReach({ nodes }: Pick<Federation, 'nodes'>): Promise<string[]> {
  let missing: string[] = ['not tried'];
  await until('all pairs', 60_000, async () => {
    missing = await unreachablePairs(nodes(), 1_500);
    return missing.length === 0 ? true : undefined;
  }).catch(() => undefined);
  return missing;
}

export async function reachable(from: BareNode, to: BareNode, ms: number): Promise<void> {
  await until(`${from.name} -> ${to.name}`, ms, async () => (await reaches(from.pod, to.pod, 500)) ?? undefined);
}
