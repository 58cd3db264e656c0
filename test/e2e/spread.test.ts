/**
 * Both gateways of a location at work at a time (Mesh.spec.gatewayMode: ActiveActive), on real parts: the rows of `make bench
 * ONLY=failover` that say so, with room for a busy machine in what a silence may last.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startFlow } from '../bare/flow.js';
import { failuresIn, NO_FAILURES } from '../scenarios/failures.js';
import { untilBothWork } from '../scenarios/spread.js';
import { STICKY, startWorld, type World } from '../scenarios/world.js';
import { sleep } from '../lab/process.js';

const PACKETS = 100;
let world: World;

beforeAll(async () => {
  world = await startWorld('/tmp/kilofed-spread');
}, 120_000);

afterAll(async () => {
  await world.stop();
}, 30_000);

test('flows spread over both gateways, by addresses and ports', async () => {
  await world.setMesh({ gatewayMode: 'ActiveActive' });
  await untilBothWork(world);
  // 1: also by ports (Linux, networking/ip-sysctl, fib_multipath_hash_policy). All flows here have the same addresses.
  for (const { name, namespace } of world.federation.nodes()) {
    expect([name, (await namespace.exec(['sysctl', '-n', 'net.ipv4.fib_multipath_hash_policy'])).trim()]).toEqual([name, '1']);
  }
  const flows = await Promise.all(
    Array.from({ length: 12 }, () => startFlow(world.node('east-a3').pod, world.node('west-c3').pod, PACKETS, 'one-way')),
  );
  const before = await tunnelled();
  await sleep(3_000);
  const shares = (await tunnelled()).map((packets, index) => packets - (before[index] ?? 0));
  const reports = await Promise.all(flows.map((flow) => flow.stop()));
  await world.setMesh(STICKY);
  expect(Math.min(...shares)).toBeGreaterThan(2 * PACKETS);
  expect(reports.map(({ lost }) => lost)).toEqual(flows.map(() => 0));
}, 60_000);

test.each<[string, number]>([
  ['gateway dies silently', 2_000],
  ['gateway does not forward', 4_000],
  ['drain by annotation, then power off', 1_000],
  ['drain by SIGTERM, then power off', 1_000],
  ['agent killed', 1_000],
])(
  '%s: nothing is silent for more than %d ms, and nothing is lost but by the fault itself',
  async (name, ms) => {
    expect(await failuresIn(world, `both gateways at work: ${name}`, { rounds: 1, ms })).toEqual(NO_FAILURES);
  },
  90_000,
);

/** Packets that each gateway of east's location a has sent into its tunnels. */
async function tunnelled(): Promise<readonly number[]> {
  return Promise.all(
    ['east-a1', 'east-a2'].map(async (name) => {
      const links = JSON.parse(await world.node(name).namespace.exec(['ip', '-json', '-stats', 'link'])) as {
        readonly ifname: string;
        readonly stats64: { readonly tx: { readonly packets: number } };
      }[];
      return links.filter(({ ifname }) => /^kilo\d$/.test(ifname)).reduce((sum, { stats64 }) => sum + stats64.tx.packets, 0);
    }),
  );
}
