/**
 * On bare nodes, a cluster whose pods inside a location are flannel's to carry: its device, addresses, neighbours and routes as its VXLAN
 * backend makes them (flannel pkg/backend/vxlan), on all nodes for all nodes, also those of another location, where flannel's packets are
 * lost. flannel.test.ts has flannel itself.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { BareNode } from '../bare/cluster.js';
import { run, until } from '../lab/process.js';
import { type Federation, startFederation, untilAllReach } from './federation.js';

const FLANNEL_PORT = 8472;

let federation: Federation;

beforeAll(async () => {
  federation = await startFederation(
    [
      { name: 'east', index: 1, locations: { eu: 3, us: 1 }, meshSpec: { encapsulation: 'always', encapsulationType: 'flannel' } },
      { name: 'west', index: 2, locations: { a: 1 } },
    ],
    { dir: '/tmp/kilofed-flannel' },
  );
  await run(['nft', 'insert', 'rule', 'inet', 'wan', 'forward', 'udp', 'dport', String(FLANNEL_PORT), 'drop']);
}, 120_000);

afterAll(() => federation.stop(), 30_000);

const eastern = (): BareNode[] => [...federation.cluster('east').nodes.values()];

test("before flannel's device is there, an agent says that it misses it", async () => {
  await until('the agents to say so', 30_000, async () => {
    const said = await Promise.all(
      eastern()
        .filter(({ name }) => name.startsWith('east-eu'))
        .map((node) => node.health()),
    );
    return said.every((text) => text.includes('device flannel.1 is missing')) || undefined;
  });
}, 40_000);

test('with flannel every pod reaches every other as itself: inside a location by flannel, elsewhere by tunnels', async () => {
  for (const node of eastern()) await layFlannel(node, eastern());
  expect(await untilAllReach(federation)).toEqual([]);
  const routes = await Promise.all(
    eastern().map(async (node) => [node.name, await wayTo(node, 'east-eu3'), await wayTo(node, 'east-us1')]),
  );
  expect(routes).toEqual([
    ['east-eu1', 'flannel.1', expect.stringMatching(/^kilo/)],
    ['east-eu2', 'flannel.1', expect.stringMatching(/^kilo/)],
    ['east-eu3', 'cni0', 'flannel.1'],
    ['east-us1', expect.stringMatching(/^kilo/), 'cni0'],
  ]);
}, 90_000);

/** The device that a packet to the pod of `name` leaves by. */
async function wayTo(node: BareNode, name: string): Promise<string | undefined> {
  const pod = federation.nodes().find((each) => each.name === name)?.pod.address ?? '';
  return / dev (\S+)/.exec(await node.namespace.exec(['ip', 'route', 'get', pod]))?.[1];
}

async function layFlannel(self: BareNode, all: readonly BareNode[]): Promise<void> {
  const mac = (node: BareNode): string => `02:f1:00:00:00:${(all.indexOf(node) + 1).toString(16).padStart(2, '0')}`;
  const network = (node: BareNode): string => node.podCIDR.split('/')[0] ?? '';
  const others = all.filter((node) => node !== self);
  await self.namespace.exec(['ip', '-batch', '-'], {
    input: [
      `link add flannel.1 address ${mac(self)} mtu 1450 type vxlan id 1 local ${self.address} dstport ${FLANNEL_PORT} nolearning`,
      `addr add ${network(self)}/32 dev flannel.1`,
      'link set flannel.1 up',
      ...others.flatMap((node) => [
        `neigh replace ${network(node)} lladdr ${mac(node)} dev flannel.1 nud permanent`,
        `route replace ${node.podCIDR} via ${network(node)} dev flannel.1 onlink`,
      ]),
      '',
    ].join('\n'),
  });
  await self.namespace.exec(['bridge', '-batch', '-'], {
    input: [...others.map((node) => `fdb replace ${mac(node)} dev flannel.1 dst ${node.address} self permanent`), ''].join('\n'),
  });
}
