/**
 * What gateways report of their tunnels, and how soon, while things fail. Bare clusters with the programs as they ship.
 */
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { GatewayReport, ReportedLink } from '../../core/api/gatewayReport.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import type { BareCluster, BareNode } from '../bare/cluster.js';
import { createFaults } from '../lab/network/faults.js';
import { sleep, until } from '../lab/process.js';
import { signal } from '../lab/signal.js';
import { type Federation, startFederation } from './federation.js';

type Report = KubeObject & GatewayReport;

const faults = createFaults();
let federation: Federation;
let east: BareCluster;
let west: BareCluster;

/** east has two gateways and a node without a slot, west has one. */
beforeAll(async () => {
  federation = await startFederation(
    [
      { name: 'east', index: 1, locations: { a: 3 } },
      { name: 'west', index: 2, locations: { c: 1 } },
    ],
    { dir: '/tmp/kilofed-e2e-reports' },
  );
  [east, west] = [federation.cluster('east'), federation.cluster('west')];
  await allUp(60_000);
}, 120_000);

afterEach(async () => {
  await faults.healAll();
  await allUp(40_000);
}, 60_000);

afterAll(async () => {
  await federation.stop();
}, 30_000);

function node(name: string): BareNode {
  const found = federation.nodes().find((each) => each.name === name);
  if (found === undefined) throw new Error(`no node ${name}`);
  return found;
}

function clusterOf(name: string): BareCluster {
  return name.startsWith('east') ? east : west;
}

function reportOf(name: string): Promise<Report | undefined> {
  return clusterOf(name).get<Report>(RESOURCE.gatewayReport, name);
}

async function linksOf(name: string): Promise<readonly ReportedLink[]> {
  return (await reportOf(name))?.spec.links ?? [];
}

/** `down AgentGone`, of each tunnel in order; and `up`, of one with figures. */
async function statesOf(name: string): Promise<readonly string[]> {
  return (await linksOf(name)).map(({ state, reason }) => [state, reason].filter((each) => each !== undefined).join(' '));
}

async function allUp(ms: number): Promise<void> {
  await until('all tunnels to be reported up', ms, async () => {
    const states = await Promise.all(['east-a1', 'east-a2', 'west-c1'].map(statesOf));
    return states.map((each) => each.join()).join(' ') === 'up up up,up' ? true : undefined;
  });
}

/** Milliseconds until what `name` reports is `states`. */
async function reported(name: string, states: readonly string[]): Promise<number> {
  const began = performance.now();
  let last: readonly string[] = [];
  try {
    await until(`${name} to report ${states.join()}`, 20_000, async () => {
      last = await statesOf(name);
      return last.join() === states.join() ? true : undefined;
    });
  } catch (cause) {
    throw new Error(`${name} reports ${last.join()}`, { cause });
  }
  return performance.now() - began;
}

test('a gateway has a report that its Node owns, and a node without a slot has none', async () => {
  await until('figures', 20_000, async () =>
    (await linksOf('west-c1')).every(({ lossPercent }) => lossPercent !== undefined) ? true : undefined,
  );
  const report = await reportOf('west-c1');
  expect(report?.metadata.ownerReferences).toMatchObject([{ kind: 'Node', name: 'west-c1' }]);
  expect(report?.spec.links).toMatchObject(
    [0, 1].map((slot) => ({
      segment: expect.stringMatching(/^east\//),
      member: 'east',
      slot,
      endpoint: `${node(`east-a${slot + 1}`).address}:51820`,
      state: 'up',
      inUse: slot === 0,
      rttMilliseconds: expect.any(Number),
      lossPercent: expect.any(Number),
    })),
  );
  expect(await reportOf('east-a3')).toBeUndefined();
});

test('nothing is written while nothing happens, nor by an agent that starts anew', async () => {
  const written = async (name: string): Promise<unknown> => {
    const report = await reportOf(name);
    return { version: report?.metadata.resourceVersion, spec: report?.spec };
  };
  const all = (): Promise<unknown[]> => Promise.all(['east-a1', 'east-a2', 'west-c1'].map(written));
  // Figures go out once a minute, and the first ones are those of a machine that was busy with the start.
  let before = await all();
  await until('a minute without a write', 420_000, async () => {
    before = await all();
    await sleep(65_000);
    return isDeepStrictEqual(await all(), before) ? true : undefined;
  });
  const { namespace: _namespace, ...agent } = node('east-a2');
  await agent.killAgent('SIGKILL');
  agent.startAgent();
  await sleep(15_000);
  // Its own. The other end may have seen the moment without it.
  expect(await written('east-a2')).toEqual(before[1]);
}, 500_000);

/** Some two seconds, and room for a busy machine. */
const SOON_MS = 5000;

test('an agent that is stopped', async () => {
  signal(node('west-c1').agentPid(), 'SIGSTOP');
  const times = await Promise.all(['east-a1', 'east-a2'].map((name) => reported(name, ['down AgentGone'])));
  signal(node('west-c1').agentPid(), 'SIGCONT');
  expect(Math.max(...times)).toBeLessThan(SOON_MS);
});

/** Should the refusal be lost, WireGuard itself answers after ten seconds (KEEPALIVE_TIMEOUT, whitepaper 6.1). */
const KEEPALIVE_MS = 18_000;

const STRICT = `table inet strict {
  chain input {
    type filter hook input priority 10; policy drop
    ct state established,related accept
    udp dport { 51810-51818, 51820-51829 } accept
  }
}
`;

test('an agent that is killed, on a host whose own firewall says nothing', async () => {
  await node('west-c1').namespace.exec(['nft', '-f', '-'], { input: STRICT });
  await node('west-c1').killAgent('SIGKILL');
  const times = await Promise.all(['east-a1', 'east-a2'].map((name) => reported(name, ['down AgentGone'])));
  node('west-c1').startAgent();
  await node('west-c1').namespace.exec(['nft', 'delete', 'table', 'inet', 'strict']);
  expect(Math.max(...times)).toBeLessThan(KEEPALIVE_MS);
});

test('one agent of two: the other tunnel is used', async () => {
  signal(node('east-a1').agentPid(), 'SIGSTOP');
  const ms = await reported('west-c1', ['down AgentGone', 'up']);
  await until('traffic to take the other', 3000, async () =>
    (await linksOf('west-c1')).map(({ inUse }) => inUse).join() === 'false,true' ? true : undefined,
  );
  signal(node('east-a1').agentPid(), 'SIGCONT');
  expect(ms).toBeLessThan(SOON_MS);
});

test('a node without power', async () => {
  await faults.silence(node('west-c1'));
  const times = await Promise.all(['east-a1', 'east-a2'].map((name) => reported(name, ['down NoAnswer'])));
  expect(Math.max(...times)).toBeLessThan(SOON_MS);
});

test('one direction', async () => {
  const { address } = node('east-a1');
  await faults.dropOneWay(node('west-c1'), address);
  const [there, back] = await Promise.all([reported('east-a1', ['down NoAnswer']), reported('west-c1', ['down OneWay', 'up'])]);
  expect(Math.max(there, back)).toBeLessThan(SOON_MS);
});

test('a firewall that was closed all the time', async () => {
  const { namespace } = node('west-c1');
  await faults.blockUdp(node('west-c1'), 51_820, 51_829);
  for (const device of ['kilo0', 'kilo1']) await namespace.exec(['ip', 'link', 'delete', device]);
  await reported('west-c1', ['down NoHandshake', 'down NoHandshake']);
  await reported('east-a1', ['down NoAnswer']);
});

test('I13: a node that drains', async () => {
  await east.instruct('east-a1', { annotations: { 'kilofed.io/drain': 'true' } });
  await until('it to be told', 3000, async () => ((await reportOf('east-a1'))?.spec.draining === true ? true : undefined));
  await east.instruct('east-a1', {});
  await until('it to be told no longer', 3000, async () => ((await reportOf('east-a1'))?.spec.draining === undefined ? true : undefined));
});

test('a node that is deleted takes its report along', async () => {
  const lan = federation.lans[1];
  if (lan === undefined) throw new Error('west has a LAN');
  await west.addNode('west-c2', { location: 'c', lan, host: 12 });
  await until('its report', 20_000, async () => ((await linksOf('west-c2')).length > 0 ? true : undefined));
  await west.removeNode('west-c2');
  await until('its report to go', 60_000, async () => ((await reportOf('west-c2')) === undefined ? true : undefined));
}, 100_000);

test('a node that is no gateway any more has no report', async () => {
  await east.instruct('east-a2', { annotations: { 'kilofed.io/gateway': 'never' } });
  await until('its report to go', 5000, async () => ((await reportOf('east-a2')) === undefined ? true : undefined));
  await until('that of its successor', 10_000, async () => ((await statesOf('east-a3')).join() === 'up' ? true : undefined));
  await east.instruct('east-a2', {});
  await east.instruct('east-a3', { annotations: { 'kilofed.io/gateway': 'never' } });
  await allUp(20_000);
  await east.instruct('east-a3', {});
}, 60_000);
