/**
 * The whole hub against three real API servers, from either queue.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { RESOURCE } from '../../core/api/resources.js';
import { type Cluster, createCluster, HUB_USER } from '../hub/cluster.js';
import { createDirectory, type Directory } from '../hub/federation.js';
import { hubTests } from '../hub/hubSuite.js';
import { mirrorTests } from '../hub/mirrorSuite.js';
import { readinessTests } from '../hub/readinessSuite.js';
import { secretTests } from '../hub/secretSuite.js';
import { type HubWorld, key } from '../hub/world.js';
import { binaryPath } from '../lab/binaries/locate.js';
import { redisProgram, type RedisServer, startRedis } from '../redis/server.js';
import { type ControlPlane, startControlPlane } from './controlPlane.js';

const START_MS = 180_000;
/** Of both families: Services can have either, or both. */
const serviceCIDRs = (n: number): readonly string[] => [`10.10${n}.0.0/16`, `fd00:10${n}::/112`];
/** Of the nodes that `populate` makes. */
const rangesOf = (n: number): Parameters<Cluster['prepare']>[1] => ({
  serviceCIDRs: serviceCIDRs(n),
  podCIDRs: [`10.${n}.0.0/16`],
  nodeCIDRs: [[11, 12, 13].map((host) => `10.77.1.${host}/32`).concat('10.77.2.11/32'), ['10.78.1.11/32'], ['10.79.1.11/32']][n - 1] ?? [],
});
const here = ['etcd', 'kube-apiserver', 'kubectl'].every((program) => binaryPath(program) !== undefined);
const suite = here || process.env['CI'] !== undefined ? describe : describe.skip;

suite(here ? 'the hub' : 'SKIPPED the hub: needs etcd, kube-apiserver and kubectl: run `make setup`', () => {
  let dir: string;
  let controlPlanes: readonly ControlPlane[] = [];
  let clusters: readonly Cluster[] = [];
  let directory: Directory;
  let redis: RedisServer | undefined;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kilofed-hub-'));
    controlPlanes = await Promise.all(
      ['east', 'west', 'north'].map((name, index) =>
        startControlPlane({ name, dir: join(dir, name), serviceCIDR: serviceCIDRs(index + 1).join(), users: [HUB_USER] }),
      ),
    );
    clusters = controlPlanes.map((controlPlane) => createCluster(controlPlane.name, controlPlane));
    await Promise.all(
      clusters.map((cluster, index) => cluster.prepare({ wireguardCIDRs: [`10.4.${index + 1}.0/24`] }, rangesOf(index + 1), ['demo'])),
    );
    redis = redisProgram === undefined ? undefined : await startRedis();
    directory = await createDirectory();
  }, START_MS);

  afterAll(async () => {
    for (const cluster of clusters) cluster.client.close();
    await Promise.all([...controlPlanes.map((controlPlane) => controlPlane.stop()), redis?.stop()]);
    await directory?.remove();
    await rm(dir, { recursive: true, force: true });
  }, START_MS);

  const world = (redisUrl?: string): HubWorld => {
    const [east, west, north] = clusters as [Cluster, Cluster, Cluster];
    return { east, west, north, directory, ...(redisUrl !== undefined && { redisUrl }) };
  };

  async function populate(): Promise<void> {
    const [east, west, north] = clusters as [Cluster, Cluster, Cluster];
    for (const cluster of clusters) {
      for (const { metadata } of await cluster.list(RESOURCE.meshNode)) await cluster.remove(RESOURCE.meshNode, metadata.name);
      for (const { metadata } of await cluster.list(RESOURCE.endpointSlice, 'endpointslice.kubernetes.io/managed-by=test')) {
        await cluster.remove(RESOURCE.service, metadata.labels?.['kubernetes.io/service-name'] ?? '', metadata.namespace);
        await cluster.remove(RESOURCE.endpointSlice, metadata.name, metadata.namespace);
      }
    }
    await east.node('a1', {
      key: key(1),
      podCIDR: '10.1.0.0/24',
      endpoint: '192.0.2.11',
      internalIP: '10.77.1.11/24',
      location: 'lyon',
      meshAddress: '10.4.1.1',
      slot: 0,
    });
    await east.node('a2', {
      key: key(2),
      podCIDR: '10.1.1.0/24',
      endpoint: '192.0.2.12',
      internalIP: '10.77.1.12/24',
      location: 'lyon',
      meshAddress: '10.4.1.2',
      slot: 1,
    });
    await east.node('a3', { key: key(4), podCIDR: '10.1.3.0/24', internalIP: '10.77.1.13/24', location: 'lyon', meshAddress: '10.4.1.4' });
    await east.node('b1', {
      key: key(3),
      podCIDR: '10.1.2.0/24',
      endpoint: '192.0.2.13',
      internalIP: '10.77.2.11/24',
      location: 'oslo',
      meshAddress: '10.4.1.3',
      slot: 0,
    });
    await west.node('w1', {
      key: key(11),
      podCIDR: '10.2.0.0/24',
      endpoint: '192.0.2.21',
      internalIP: '10.78.1.11/24',
      meshAddress: '10.4.2.1',
      slot: 0,
    });
    await north.node('n1', {
      key: key(21),
      podCIDR: '10.3.0.0/24',
      endpoint: '192.0.2.31',
      internalIP: '10.79.1.11/24',
      meshAddress: '10.4.3.1',
      slot: 0,
    });
  }

  describe('with its queue in memory', () => {
    beforeAll(populate, START_MS);
    hubTests(() => world());
    describe('while exporters change', () => mirrorTests(() => world()));
    describe('while links fail', () => readinessTests(() => world()));
    secretTests(() => world());
  });

  (redisProgram === undefined ? describe.skip : describe)(
    redisProgram === undefined ? 'SKIPPED with its queue in Redis: redis-server is not installed' : 'with its queue in Redis',
    () => {
      beforeAll(populate, START_MS);
      hubTests(() => world(redis?.url));
      describe('while exporters change', () => mirrorTests(() => world(redis?.url)));
    },
  );
});
