/**
 * Pod to pod through our tunnel, against the same WireGuard set up by hand with `wg` and `ip` between the same two nodes, in
 * turns, so that both see the same machine. Then with the far location's both gateways at work, four streams spread over two
 * planes, which half of them leave by the other gateway's LAN; by hand there is the one tunnel. All of it runs on this one machine,
 * so a second tunnel brings no processor with it.
 */
import { run as runCommand, sleep, until } from '../lab/process.js';
import type { BareNode } from '../bare/cluster.js';
import { addWireguardDevice } from '../bare/wireguardDevice.js';
import { startFederation, unreachablePairs } from '../e2e/federation.js';
import { measureThroughput } from './iperf.js';
import type { BenchGroup, Figure } from './measure.js';

const ROUNDS = 12;
const STREAMS = 4;
const SPREAD_ROUNDS = 6;
const HAND = 'hand0';
/** A range of its own for the hand-made tunnel, on the same pods. */
const address = (side: 1 | 2): string => `10.99.${side}.10`;

export const throughput: BenchGroup = {
  name: 'throughput',
  about: 'iperf3 pod to pod, our tunnel and a hand-made one; our two planes at a time',
  seconds: 180,
  async run(note) {
    const federation = await startFederation(
      [
        { name: 'east', index: 1, locations: { eu: 1 } },
        { name: 'west', index: 2, locations: { a: 2 } },
      ],
      { dir: '/tmp/kilofed-bench' },
    );
    try {
      const [from, to] = federation.nodes() as [BareNode, BareNode];
      await until('the federation', 60_000, async () =>
        (await unreachablePairs(federation.nodes(), 1_000)).length === 0 ? true : undefined,
      );
      await handmade(from, to);
      to.pod.namespace.spawn(['iperf3', '--server']);
      await sleep(300);
      const compare = async (
        rounds: number,
        streams: number,
      ): Promise<{ readonly ours: number[]; readonly hand: number[]; readonly ratio: number[] }> => {
        const ours: number[] = [];
        const hand: number[] = [];
        for (let round = 1; round <= rounds; round += 1) {
          note(`round ${round} of ${rounds}`);
          // Whoever comes first in a round has the other's backlog behind it less often: they take turns.
          if (round % 2 === 0) hand.push(await measureThroughput(from, address(2), streams));
          ours.push(await measureThroughput(from, to.pod.address, streams));
          if (round % 2 === 1) hand.push(await measureThroughput(from, address(2), streams));
        }
        return { ours, hand, ratio: ours.map((value, index) => value / (hand[index] ?? Number.NaN)) };
      };
      const one = await compare(ROUNDS, 1);
      note('both gateways at work');
      for (const cluster of federation.clusters.values()) await cluster.setMesh({ gatewayMode: 'ActiveActive' });
      await until('two planes in a group', 30_000, async () =>
        /type resilient/.test(await from.namespace.exec(['ip', 'nexthop', 'show', 'proto', '107'])) ? true : undefined,
      );
      await sleep(SETTLE_MS);
      const both = await compare(SPREAD_ROUNDS, STREAMS);
      return [
        { name: 'throughput, ours', unit: 'Mbit/s', samples: one.ours },
        { name: 'throughput, by hand', unit: 'Mbit/s', samples: one.hand },
        { name: 'throughput, ours / by hand', unit: 'ratio', samples: one.ratio, must: { p50: { least: 0.98 } } },
        { name: `throughput, ${STREAMS} streams, our two planes`, unit: 'Mbit/s', samples: both.ours },
        { name: `throughput, ${STREAMS} streams, by hand`, unit: 'Mbit/s', samples: both.hand },
        { name: `throughput, ${STREAMS} streams, our two planes / by hand`, unit: 'ratio', samples: both.ratio },
      ] satisfies Figure[];
    } finally {
      await federation.stop();
    }
  },
};

/** The same WireGuard as the agents'; keys, peers and routes as anyone would write them. */
async function handmade(from: BareNode, to: BareNode): Promise<void> {
  const keys = await Promise.all(
    [from, to].map(async () => {
      const secret = (await runCommand(['wg', 'genkey'])).trim();
      return { secret, public: (await runCommand(['wg', 'pubkey'], { input: `${secret}\n` })).trim() };
    }),
  );
  for (const [index, node] of [from, to].entries()) {
    const far = index === 0 ? to : from;
    const [mine, theirs] = [keys[index], keys[1 - index]];
    const [ownSide, farSide] = (index === 0 ? [1, 2] : [2, 1]) as [1 | 2, 1 | 2];
    await addWireguardDevice(node.namespace, HAND);
    await node.namespace.exec([
      'bash',
      '-c',
      `wg set ${HAND} private-key <(echo "$1") listen-port 51900 peer "$2" endpoint "$3" allowed-ips "$4"`,
      'wg',
      mine?.secret ?? '',
      theirs?.public ?? '',
      `${far.address}:51900`,
      `10.99.${farSide}.0/24`,
    ]);
    await node.namespace.exec(['ip', '-batch', '-'], {
      input: `link set ${HAND} mtu 1420 up\nroute add 10.99.${farSide}.0/24 dev ${HAND}\naddr add 10.99.${ownSide}.1/24 dev cni0\n`,
    });
    await node.pod.namespace.exec(['ip', '-batch', '-'], {
      input: `addr add ${address(ownSide)}/24 dev eth0\nroute add 10.99.${farSide}.0/24 via 10.99.${ownSide}.1 src ${address(ownSide)}\n`,
    });
  }
  await until('the hand-made tunnel', 10_000, () => from.pod.namespace.exec(['ping', '-c1', '-W1', address(2)]));
}

/** A new path is trusted after ten seconds. */
const SETTLE_MS = 12_000;
