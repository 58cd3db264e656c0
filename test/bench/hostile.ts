/**
 * `make bench ONLY=hostile`: how long an endpoint change between two members takes while a third floods the hub with all that it may
 * have, against without it. The two are real API servers, the third is one that makes things up, and the hub is the program itself.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FederationStatus } from '../../core/api/status.js';
import { startControlPlane } from '../apiserver/controlPlane.js';
import { PROGRAM } from '../bare/cluster.js';
import type { Size } from '../hostile/objects.js';
import { startHostileMember } from '../hostile/start.js';
import { type Cluster, createCluster, HUB_USER } from '../hub/cluster.js';
import { createDirectory } from '../hub/federation.js';
import { measureChanges } from '../hub/propagation.js';
import { start, until } from '../lab/process.js';
import { type BenchGroup, quantile } from './measure.js';

const SIZE: Size = { services: 5_000, meshNodes: 2_000, changesPerSecond: 1_000 };
const CHANGES = 100;
const FLOOD_MS = 30_000;
const STATUS = 'http://127.0.0.1:18080/api/v1/status';
const METRICS = 'http://127.0.0.1:18081/metrics';

export const hostile: BenchGroup = {
  name: 'hostile',
  about: `two members beside one with ${SIZE.services} Services, ${SIZE.meshNodes} MeshNodes and ${SIZE.changesPerSecond} changes a second`,
  seconds: 180,
  async run(note) {
    const dir = await mkdtemp(join(tmpdir(), 'kilofed-hostile-'));
    const directory = await createDirectory();
    const planes = await Promise.all(
      ['east', 'west'].map((name, index) =>
        startControlPlane({ name, dir: join(dir, name), serviceCIDR: `10.10${index + 1}.0.0/16`, users: [HUB_USER] }),
      ),
    );
    const clusters = planes.map((plane) => createCluster(plane.name, plane));
    const hub = start(
      [
        process.execPath,
        PROGRAM,
        'hub',
        '--kubeconfig-dir',
        directory.path,
        '--listen',
        '127.0.0.1:18080',
        '--listen-metrics',
        '127.0.0.1:18081',
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const evil = await startHostileMember(SIZE);
    try {
      const [east, west] = clusters as [Cluster, Cluster];
      for (const [index, cluster] of clusters.entries()) await prepare(cluster, index + 1);
      for (const cluster of clusters) await directory.declare(cluster.id, cluster.hubKubeconfig());
      for (const cluster of clusters) await untilReady(cluster.id);
      await east.service('demo', 'web');
      await east.endpoints('demo', 'web', ['10.1.0.250']);
      const route = { from: east, to: west, namespace: 'demo', service: 'web' };
      await measureChanges(route, 5, '10.1.1');
      note(`${CHANGES} changes without it`);
      const without = await measureChanges(route, CHANGES, '10.1.2');
      note(`${FLOOD_MS / 1000} s of its beginning`);
      await longestTurn();
      await directory.declare('evil', evil.kubeconfig);
      const beginning = await measureFor(route, FLOOD_MS);
      const atFirst = await longestTurn();
      await untilReady('evil');
      note(`${CHANGES} changes beside it`);
      const beside = await measureChanges(route, CHANGES, '10.1.3');
      const p50 = middle(without);
      return [
        { name: 'endpoint change without it', unit: 'ms', samples: without },
        { name: 'endpoint change while it is read', unit: 'ms', samples: beginning },
        { name: 'endpoint change beside it', unit: 'ms', samples: beside },
        {
          name: 'endpoint change beside it, p50 / without p50',
          unit: 'ratio',
          samples: [middle(beside) / p50],
          must: { max: { most: 1.5 } },
        },
        { name: 'longest turn of the hub while it is read', unit: 'ms', samples: [atFirst], must: { max: { most: 100 } } },
        { name: 'longest turn of the hub beside it', unit: 'ms', samples: [await longestTurn()], must: { max: { most: 100 } } },
        { name: 'hub, most resident memory', unit: 'MiB', samples: [peakOf(hub.pid ?? 0)], must: { max: { most: 512 } } },
      ];
    } finally {
      evil.stop();
      hub.kill('SIGKILL');
      for (const cluster of clusters) cluster.client.close();
      await Promise.all(planes.map((plane) => plane.stop()));
      await directory.remove();
      await rm(dir, { recursive: true, force: true });
    }
  },
};

async function prepare(cluster: Cluster, n: number): Promise<void> {
  const ranges = { serviceCIDRs: [`10.10${n}.0.0/16`], podCIDRs: [`10.${n}.0.0/16`], nodeCIDRs: [`10.77.${n}.1/32`] };
  await cluster.prepare({ wireguardCIDRs: [`10.4.${n}.0/24`] }, ranges, ['demo']);
  await cluster.node(`n${n}`, {
    key: Buffer.alloc(32, n).toString('base64'),
    podCIDR: `10.${n}.0.0/16`,
    endpoint: `192.0.2.${n}`,
    internalIP: `10.77.${n}.1/24`,
    meshAddress: `10.4.${n}.1`,
    slot: 0,
  });
}

/** Changes until `ms` have passed. */
async function measureFor(route: Parameters<typeof measureChanges>[0], ms: number): Promise<readonly number[]> {
  const end = performance.now() + ms;
  const samples: number[] = [];
  for (let round = 1; performance.now() < end; round += 1) samples.push(...(await measureChanges(route, 10, `10.1.${10 + round}`)));
  return samples;
}

async function untilReady(id: string): Promise<void> {
  await until(`member ${id}`, 60_000, async () => {
    const status = (await (await fetch(STATUS)).json()) as FederationStatus;
    return status.members.some((member) => member.id === id && member.state === 'ready') ? true : undefined;
  });
}

/** Milliseconds; the longest since it was asked for last, with 10 ms in which nothing is seen. */
async function longestTurn(): Promise<number> {
  const [, seconds = 'NaN'] = /^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(await (await fetch(METRICS)).text()) ?? [];
  return Number(seconds) * 1000;
}

/** MiB. */
function peakOf(pid: number): number {
  const [, kib = 'NaN'] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}

function middle(samples: readonly number[]): number {
  return quantile(
    samples.toSorted((a, b) => a - b),
    0.5,
  );
}
