/**
 * A cluster that asks for IPIP: every pair of pods where the kernel has it, and where it has not, a clear word from the agents that
 * would need it while all that needs no IPIP works.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { BareNode } from '../bare/cluster.js';
import { reaches } from '../bare/flow.js';
import { createNamespace } from '../bare/namespace.js';
import { until } from '../lab/process.js';
import { type Federation, startFederation, unreachablePairs } from './federation.js';

let federation: Federation;
let hasIpip: boolean;

beforeAll(async () => {
  federation = await startFederation(
    [
      { name: 'east', index: 1, locations: { eu: 2, us: 1 }, meshSpec: { encapsulation: 'always', encapsulationType: 'ipip' } },
      { name: 'west', index: 2, locations: { a: 1 } },
    ],
    { dir: '/tmp/kilofed-ipip' },
  );
  const probe = await createNamespace('ipip-probe');
  hasIpip = await probe.exec(['ip', 'link', 'add', 'probe', 'type', 'ipip', 'local', '127.0.0.1']).then(
    () => true,
    () => false,
  );
  probe.stop();
}, 120_000);

afterAll(() => federation.stop(), 30_000);

const node = (name: string): BareNode => federation.nodes().find((each) => each.name === name) as BareNode;

test('pods of different locations and clusters reach each other', async () => {
  for (const [from, to] of [
    ['east-eu1', 'east-us1'],
    ['east-us1', 'east-eu1'],
    ['west-a1', 'east-eu1'],
    ['east-us1', 'west-a1'],
  ] as const) {
    await until(`${from} -> ${to}`, 30_000, async () => (await reaches(node(from).pod, node(to).pod, 500)) ?? undefined);
  }
}, 90_000);

test('inside a location they do where the kernel has IPIP; where not, their agents say what to do, and the others are well', async () => {
  if (hasIpip) {
    await until('all pairs', 60_000, async () => ((await unreachablePairs(federation.nodes(), 1_500)).length === 0 ? true : undefined));
    return;
  }
  const concerned = [node('east-eu1'), node('east-eu2')];
  await until('the agents to say so', 30_000, async () => {
    const said = await Promise.all(concerned.map((one) => one.health()));
    return (
      said.every((text) =>
        text.includes('this kernel has no ipip: load the module on this host (modprobe ipip), or let the Mesh say encapsulationType vxlan'),
      ) || undefined
    );
  });
  expect(await reaches(node('east-eu1').pod, node('east-eu2').pod, 1_000)).toBeUndefined();
  expect(await node('east-us1').health()).toMatch(/^matched/);
  await federation.cluster('east').apply({
    apiVersion: 'kilofed.io/v1alpha1',
    kind: 'Mesh',
    metadata: { name: 'default' },
    spec: { wireguardCIDRs: ['10.4.1.0/24'], encapsulation: 'always', encapsulationType: 'vxlan' },
  });
  await until('the location to be whole in VXLAN', 45_000, async () =>
    (await unreachablePairs(federation.nodes(), 1_000)).length === 0 ? true : undefined,
  );
}, 150_000);
