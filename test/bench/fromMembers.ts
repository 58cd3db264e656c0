/**
 * What it costs to let other members reach what is exported only: pod to pod between two members, with a thousand endpoints exported
 * from the node that judges and with everything let in, in turns; and how long the kernel takes for that node's table.
 */
import type { BareNode } from '../bare/cluster.js';
import { startFederation, unreachablePairs } from '../e2e/federation.js';
import { sleep, until } from '../lab/process.js';
import { measureThroughput } from './iperf.js';
import type { BenchGroup } from './measure.js';

const ROUNDS = 12;
const APPLIED = 20;
/** Of one node: so many of its pods, each at so many ports, beside the pod that is measured. */
const PODS = 200;
const PORTS = 5;
const ENDPOINTS = PODS * PORTS;
const IPERF_PORT = 5201;

export const fromMembers: BenchGroup = {
  name: 'fromMembers',
  about: `iperf3 pod to pod, ${ENDPOINTS} exported endpoints or everything let in; applying them`,
  seconds: 150,
  async run(note, { rounds = ROUNDS }) {
    const federation = await startFederation(
      [
        { name: 'east', index: 1, locations: { eu: 1 } },
        { name: 'west', index: 2, locations: { a: 1 }, meshSpec: { fromMembers: 'all' } },
      ],
      { dir: '/tmp/kilofed-bench' },
    );
    try {
      const [from, to] = federation.nodes() as [BareNode, BareNode];
      const west = federation.cluster('west');
      await until('the federation', 60_000, async () =>
        (await unreachablePairs(federation.nodes(), 1_000)).length === 0 ? true : undefined,
      );
      const network = to.pod.address.replace(/\d+$/, '');
      const ports = Array.from({ length: PORTS }, (_, index) => ({ name: `p${index}`, protocol: 'TCP', port: IPERF_PORT + index }));
      const pods = Array.from({ length: PODS }, (_, index) => `${network}${index + 20}`);
      await west.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' } });
      for (const [name, addresses] of [
        ['web-1', [to.pod.address, ...pods.slice(0, PODS / 2)]],
        ['web-2', pods.slice(PODS / 2)],
      ] as const)
        await west.apply({
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: { name, namespace: 'demo', labels: { 'kubernetes.io/service-name': 'web' } },
          addressType: 'IPv4',
          ports,
          endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
        });
      await west.apply({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web', namespace: 'demo', annotations: { 'kilofed.io/export': 'true' } },
        spec: { ports },
      });
      const table = (): Promise<string> => to.namespace.exec(['nft', 'list', 'table', 'inet', 'kilofed']);
      const exported = async (): Promise<number> => (await table()).split(` . ${IPERF_PORT}`).length - 1;
      const letIn = async (what: 'all' | 'exported'): Promise<void> => {
        await west.setMesh({ fromMembers: what });
        await until(`${what} to be let in`, 30_000, async () =>
          exported().then((count) => count > PODS === (what === 'exported') || undefined),
        );
        await sleep(200);
      };
      to.pod.namespace.spawn(['iperf3', '--server']);
      await sleep(300);
      const samples = { all: [] as number[], exported: [] as number[] };
      for (let round = 1; round <= rounds; round += 1) {
        note(`round ${round} of ${rounds}`);
        for (const what of round % 2 === 0 ? (['all', 'exported'] as const) : (['exported', 'all'] as const)) {
          await letIn(what);
          samples[what].push(await measureThroughput(from, to.pod.address, 1));
        }
      }
      await letIn('exported');
      note('applying');
      const text = `delete table inet kilofed\n${await table()}`;
      const took: number[] = [];
      for (let count = 0; count < APPLIED; count += 1) {
        const began = performance.now();
        await to.namespace.exec(['nft', '-f', '-'], { input: text });
        took.push(performance.now() - began);
      }
      return [
        { name: 'throughput, everything let in', unit: 'Mbit/s', samples: samples.all },
        { name: `throughput, ${ENDPOINTS} exported endpoints`, unit: 'Mbit/s', samples: samples.exported },
        {
          name: 'throughput, exported endpoints / everything',
          unit: 'ratio',
          samples: samples.exported.map((value, index) => value / (samples.all[index] ?? Number.NaN)),
          must: { p50: { least: 0.98 } },
        },
        { name: `${ENDPOINTS} exported endpoints, nft applies the table`, unit: 'ms', samples: took, must: { p50: { most: 50 } } },
      ];
    } finally {
      await federation.stop();
    }
  },
};
