/**
 * A clusterset of three real API servers with the real hub, which people use by plain Services and ServiceExports. East and west have
 * both IP families, north has IPv4 alone. No kube-controller-manager runs: tests write EndpointSlices as it would.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { type ControlPlane, startControlPlane } from '../apiserver/controlPlane.js';
import { type Cluster, createCluster, HUB_USER } from '../hub/cluster.js';
import { createDirectory, type Directory, startHub, type TestHub } from '../hub/federation.js';
import { becomes, key } from '../hub/world.js';
import { binaryPath } from '../lab/binaries/locate.js';

export interface Clusterset {
  readonly east: Cluster;
  readonly west: Cluster;
  readonly north: Cluster;
  readonly all: readonly Cluster[];
  readonly hub: TestHub;
  /** Makes a namespace of that name in the clusters, by default in all. */
  namespace(name: string, clusters?: readonly Cluster[]): Promise<string>;
}

/** Ids in the order of the ranges below. */
const IDS = ['east', 'west', 'north'] as const;
const START_MS = 180_000;
/** May do what everybody may who works in a namespace: Kubernetes' own role `edit`. */
export const EDITOR = { name: 'editor', groups: [] };

const serviceCIDRs = (n: number): readonly string[] => [`10.10${n}.0.0/16`, ...(n === 3 ? [] : [`fd00:10${n}::/112`])];
/** Addresses of pods of a member: of IPv4 or IPv6. */
export const podAddress = (cluster: Cluster, host: number, family: 'IPv4' | 'IPv6' = 'IPv4'): string => {
  const n = IDS.indexOf(cluster.id as (typeof IDS)[number]) + 1;
  return family === 'IPv4' ? `10.${n}.0.${host}` : `fd00:${n}::${host.toString(16)}`;
};

const here = ['etcd', 'kube-apiserver', 'kubectl'].every((program) => binaryPath(program) !== undefined);

/** Like `describe`; the clusterset is there while tests run. Without the programs it is skipped and says so; in CI it fails. */
export function describeClusterset(title: string, body: (set: () => Clusterset) => void): void {
  const suite = here || process.env['CI'] !== undefined ? describe : describe.skip;
  suite(here ? title : `SKIPPED ${title}: needs etcd, kube-apiserver and kubectl: run \`make setup\``, () => {
    let started: Started | undefined;
    beforeAll(async () => {
      started = await start();
    }, START_MS);
    afterAll(async () => started?.stop(), START_MS);
    body(() => {
      if (started === undefined) throw new Error('the clusters are there only while tests run');
      return started.clusterset;
    });
  });
}

interface Started {
  readonly clusterset: Clusterset;
  stop(): Promise<void>;
}

async function start(): Promise<Started> {
  const dir = await mkdtemp(join(tmpdir(), 'kilofed-conformance-'));
  const controlPlanes = await Promise.all(
    IDS.map((name, index) =>
      startControlPlane({ name, dir: join(dir, name), serviceCIDR: serviceCIDRs(index + 1).join(), users: [HUB_USER, EDITOR] }),
    ),
  );
  const all = controlPlanes.map((each) => createCluster(each.name, each));
  const directory = await createDirectory();
  for (const [index, cluster] of all.entries()) await addMember(cluster, index + 1, directory);
  const hub = startHub({ directory });
  await becomes('three members are linked', IDS.length * (IDS.length - 1), () => linked(hub));
  const [east, west, north] = all as [Cluster, Cluster, Cluster];
  return {
    clusterset: {
      ...{ east, west, north, all, hub },
      async namespace(name, clusters = all) {
        await Promise.all(clusters.map((cluster) => cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })));
        return name;
      },
    },
    stop: () => stop({ hub, all, controlPlanes, directory, dir }),
  };
}

function linked(hub: TestHub): number {
  return hub.status().pairs.filter(({ state }) => state === 'linked').length;
}

/** One node, whose pods have addresses of the families of the cluster. */
async function addMember(cluster: Cluster, n: number, directory: Directory): Promise<void> {
  const podCIDRs = [`10.${n}.0.0/16`, ...(n === 3 ? [] : [`fd00:${n}::/64`])];
  const ranges = { serviceCIDRs: serviceCIDRs(n), podCIDRs, nodeCIDRs: [`10.7${n}.1.11/32`] };
  await cluster.prepare({ wireguardCIDRs: [`10.4.${n}.0/24`] }, ranges, []);
  const head = { apiVersion: 'kilofed.io/v1alpha1', kind: 'MeshNode', metadata: { name: `n${n}` } };
  const endpoints = [{ host: `192.0.2.${n}`, port: 51820 }];
  const wants = { publicKey: key(n), endpoints, internalIPs: [`10.7${n}.1.11/24`], podCIDRs, location: '', gateway: 'auto' };
  await cluster.apply({ ...head, spec: { ...wants, persistentKeepalive: 0 } });
  await cluster.apply({ ...head, status: { meshAddresses: [`10.4.${n}.1`], slot: 0 } }, 'status');
  await directory.declare(cluster.id, cluster.hubKubeconfig());
}

async function stop(what: {
  readonly hub: TestHub;
  readonly all: readonly Cluster[];
  readonly controlPlanes: readonly ControlPlane[];
  readonly directory: Directory;
  readonly dir: string;
}): Promise<void> {
  await what.hub.stop();
  for (const { client } of what.all) client.close();
  await Promise.all(what.controlPlanes.map((each) => each.stop()));
  await what.directory.remove();
  await rm(what.dir, { recursive: true, force: true });
}
