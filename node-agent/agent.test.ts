import { describe, expect, test } from '@jest/globals';
import { meshSpecSchema, type Mesh } from '../core/api/mesh.js';
import type { MeshNode } from '../core/api/meshNode.js';
import type { Peer } from '../core/api/peer.js';
import type { Change } from '../core/host/change.js';
import type { MissingSocket } from '../core/failover/socketProblems.js';
import type { Healing } from '../core/failover/stall.js';
import { changeText } from '../core/host/render.js';
import { planNode } from '../core/mesh/planNode.js';
import { createFakeHost, type FakeHost } from '../test/host/fakeHost.js';
import { createHandClock, SILENT, type HandClock } from '../test/host/handClock.js';
import { keyOf } from '../test/host/plans.js';
import { createAgent, type Agent, type Memory } from './agent.js';
import type { ApplyResult, Failure } from './host/apply.js';
import type { ClusterInputs } from './inputs.js';
import { kiloRemoval, stepText } from '../core/kilo/removal.js';
import { NO_TRACES, type KiloOnHost } from '../core/kilo/traces.js';

const NODE = 'a';
const mesh: Mesh = { apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' }, spec: meshSpecSchema.parse({}) };

function meshNode(name: string, location: string, octet: number, placed = true): MeshNode {
  return {
    apiVersion: 'kilofed.io/v1alpha1',
    kind: 'MeshNode',
    metadata: { name, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid: `uid-${name}` }] },
    spec: {
      publicKey: keyOf(name), endpoints: [{ host: `10.0.${octet}.2`, port: 51820 }], internalIPs: [`10.0.${octet}.2/24`], podCIDRs: [`10.42.${octet}.0/24`],
      location, gateway: 'auto', persistentKeepalive: 0,
    },
    ...(placed ? { status: { meshAddresses: [`10.4.0.${octet + 1}`], slot: 0 } } : {}),
  };
}

const INPUTS: ClusterInputs = {
  mesh,
  node: {
    metadata: { name: NODE, uid: 'uid-a', annotations: { 'kilo.squat.ai/location': 'one' } },
    spec: { podCIDRs: ['10.42.0.0/24'] },
    status: { addresses: [{ type: 'InternalIP', address: '10.0.0.2' }] },
  },
  meshNodes: [meshNode('a', 'one', 0), meshNode('b', 'two', 1)],
  peers: [],
};

function laptop(ip?: string): Peer {
  return { apiVersion: 'kilo.squat.ai/v1alpha1', kind: 'Peer', metadata: { name: 'laptop' }, spec: { publicKey: keyOf('laptop'), allowedIPs: ['10.5.0.1/32'], ...(ip === undefined ? {} : { endpoint: { dnsOrIP: { ip }, port: 51820 } }) } };
}

/** A gateway of the member west, as the hub writes it. */
function ofMember(ip?: string): Peer {
  const { spec, ...rest } = laptop(ip);
  return { ...rest, metadata: { name: 'west-eu-0', labels: { 'kilofed.io/managed-by': 'kilofed-hub', 'kilofed.io/cluster': 'west', 'kilofed.io/segment': 'eu', 'kilofed.io/location': 'eu' }, annotations: { 'kilofed.io/slot': '0', 'kilofed.io/planes': '2' } }, spec };
}

interface Setting {
  readonly agent: Agent;
  readonly clock: HandClock;
  readonly host: FakeHost;
  inputs: ClusterInputs | undefined;
  /** Changes that the host refuses. */
  refuse: (text: string) => boolean;
  observations: number;
  readonly warnings: string[];
  /** Of every way to an endpoint but those of `ways`, which are by address. */
  pathMtu: number;
  ways: Readonly<Record<string, number>>;
  /** What the kernel has learned of the ways to addresses. */
  learned: Readonly<Record<string, number>>;
  missingSockets: readonly MissingSocket[];
  /** What of Kilo is on the host. */
  kilo: KiloOnHost;
  /** The location of each MeshNode, the problems that it tells of, and what it hears. */
  readonly published: string[];
  /** What publishing comes to. */
  publishing: Promise<string | undefined>;
  readonly saved: unknown[];
  /** Kinds of healing that were counted. */
  readonly healed: string[];
  /** Runs a pass and returns the commands that were carried out. */
  pass(): Promise<readonly string[]>;
  heal(healing: Healing): Promise<readonly string[]>;
  result(): unknown;
}

function setting(memory: Partial<Memory> = {}, host = createFakeHost()): Setting {
  const clock = createHandClock();
  let commands: string[] = [];
  let result: unknown;
  const self: Setting = {
    agent: createAgent({
      clock,
      log: { ...SILENT, warn: (message, data) => void self.warnings.push(`${message}: ${JSON.stringify(data)}`) },
      nodeName: NODE,
      publicKey: keyOf('a'),
      cluster: { inputs: () => self.inputs },
      host: {
        observe() {
          self.observations += 1;
          return Promise.resolve({ state: host.state(), addresses: [{ address: '10.0.0.2', prefixLength: 24, dev: 'eth0', mtu: 1500 }] });
        },
        paths: (addresses) => Promise.resolve(new Map(addresses.map((address) => [address, { dev: 'eth0', deviceMtu: 1500, mtu: self.ways[address] ?? self.pathMtu, ...(self.learned[address] === undefined ? {} : { learned: self.learned[address] }) }]))),
        apply(model, changes): Promise<ApplyResult> {
          const done: Change[] = [];
          const failures: Failure[] = [];
          for (const change of changes) {
            const reason = self.refuse(changeText(change)) ? 'refused' : host.run(change);
            if (reason !== undefined) {
              failures.push({ change, reason });
              continue;
            }
            model.record(change);
            done.push(change);
          }
          commands = done.map(changeText);
          return Promise.resolve({ done, failures });
        },
        switchGroups(model, changes) {
          for (const change of changes) if (host.run(change) === undefined) model.record(change);
          commands.push(...changes.map(changeText));
          return Promise.resolve([]);
        },
      },
      kilo: {
        look: () => Promise.resolve({ recognise: () => self.kilo }),
        remove(traces) {
          commands.push(...kiloRemoval(traces).map(stepText));
          self.kilo = { traces: NO_TRACES };
          return Promise.resolve([]);
        },
      },
      resolver: { want: () => undefined, answers: () => ({}) },
      apiServers: () => ['192.0.2.9'],
      publisher: {
        publish(_node, spec, present) {
          if (JSON.stringify(present?.spec) !== JSON.stringify(spec)) self.published.push([spec.location, ...(spec.problems ?? []).map(({ reason }) => reason), ...(spec.heard ?? []).map((heard) => `${heard.plane} ${heard.host}:${heard.port}`)].join(' '));
          return self.publishing;
        },
      },
      files: { saveEndpoints: () => Promise.resolve() },
      saveInputs: (saved) => void self.saved.push(saved),
      metrics: { applied: () => undefined, healed: (what) => void self.healed.push(what), leftOut: () => undefined },
      planNode,
      steer: (plan) => plan,
      setDraining: () => undefined,
      missingSockets: () => self.missingSockets,
    }, { endpoints: new Map(), saved: undefined, ...memory }),
    clock,
    host,
    inputs: INPUTS,
    refuse: () => false,
    observations: 0,
    warnings: [],
    pathMtu: 1500,
    ways: {},
    learned: {},
    missingSockets: [],
    kilo: { traces: NO_TRACES },
    published: [],
    publishing: Promise.resolve(undefined),
    saved: [],
    healed: [],
    async heal(healing) {
      commands = [];
      await self.agent.heal(healing, new AbortController().signal);
      return commands;
    },
    async pass() {
      commands = [];
      result = await self.agent.pass(new AbortController().signal);
      return commands;
    },
    result: () => result,
  };
  return self;
}

describe('an agent', () => {
  test('brings its host up and then has nothing to do, without looking again', async () => {
    const one = setting();
    expect((await one.pass()).length).toBeGreaterThan(10);
    expect(await one.pass()).toEqual([]);
    expect(one.result()).toEqual({ kind: 'matched', changes: 0, published: true });
    expect(one.observations).toBe(1);
  });

  test('adopts the host of its former self', async () => {
    const former = setting();
    await former.pass();
    expect(await setting({}, former.host).pass()).toEqual([]);
  });

  test('does nothing before everything is known, and nothing when it is not placed', async () => {
    const one = setting();
    one.inputs = undefined;
    await one.pass();
    expect(one.result()).toMatchObject({ kind: 'waiting', reason: 'the API server has not told everything yet' });
    one.inputs = { ...INPUTS, meshNodes: [meshNode('a', 'one', 0, false), meshNode('b', 'two', 1)] };
    expect(await one.pass()).toEqual([]);
    expect(one.result()).toMatchObject({ kind: 'waiting' });
  });

  test.each<[string, Partial<ClusterInputs>]>([
    ['all MeshNodes are gone', { meshNodes: [] }],
    ['our own MeshNode lost its address', { meshNodes: [meshNode('a', 'one', 0, false)] }],
    ['the Mesh is gone', { mesh: undefined }],
  ])('takes nothing down when %s', async (_what, broken) => {
    const one = setting();
    await one.pass();
    one.inputs = { ...INPUTS, ...broken };
    one.agent.doubt();
    expect(await one.pass()).toEqual([]);
    expect(one.host.state().routes.size).toBeGreaterThan(0);
  });

  test('works from what it saved while no API server answers', async () => {
    const first = setting();
    await first.pass();
    const [saved] = first.saved;
    expect(saved).toEqual({ inputs: INPUTS, resolved: {}, apiServers: ['192.0.2.9'] });
    const second = setting({ saved: { inputs: INPUTS, resolved: {} } });
    second.inputs = undefined;
    expect((await second.pass()).length).toBeGreaterThan(10);
    expect(second.published).toEqual([]);
    expect(second.saved).toEqual([]);
  });

  test('tells of problems in its MeshNode, and of none when they are gone', async () => {
    const one = setting();
    const node = INPUTS.node as NonNullable<ClusterInputs['node']>;
    one.inputs = { ...INPUTS, mesh: { ...mesh, spec: meshSpecSchema.parse({ cni: { enabled: true } }) }, node: { ...node, metadata: { ...node.metadata, annotations: { 'kilo.squat.ai/location': 'one', 'kilo.squat.ai/persistent-keepalive': 'often' } } } };
    await one.pass();
    expect(one.published).toEqual(['one BadPersistentKeepalive NoCniFolder']);
    one.inputs = { ...INPUTS, meshNodes: [{ ...meshNode('a', 'one', 0), spec: { ...meshNode('a', 'one', 0).spec, problems: [{ reason: 'NoCniFolder', message: 'it was' }] } }] };
    await one.pass();
    expect(one.published).toEqual(['one BadPersistentKeepalive NoCniFolder', 'one']);
  });

  test('tells in its MeshNode of what its own plan leaves out', async () => {
    const one = setting();
    one.inputs = { ...INPUTS, meshNodes: [{ ...meshNode('a', 'one', 0), spec: { ...meshNode('a', 'one', 0).spec, endpoints: [{ host: '10.0.0.2', port: 65_535 }] } }, meshNode('b', 'two', 1)] };
    await one.pass();
    expect(one.published).toEqual(['one PortRange']);
  });

  test('tells of sockets that probes lack, once, and when they have them', async () => {
    const one = setting();
    await one.pass();
    one.missingSockets = [51810, 51811].map((port) => ({ address: '10.4.0.1', port, code: 'EADDRINUSE' }));
    await one.pass();
    one.inputs = { ...INPUTS, meshNodes: [{ ...meshNode('a', 'one', 0), spec: { ...meshNode('a', 'one', 0).spec, problems: [{ reason: 'NoProbeSocket', message: 'it was' }] } }] };
    one.missingSockets = [];
    await one.pass();
    expect(one.published).toEqual(['one NoProbeSocket', 'one']);
    expect(one.warnings).toEqual([expect.stringContaining('UDP port 51810, 51811 cannot be had on 10.4.0.1: something else has it (ss -ulnp tells what')]);
  });

  test('brings its host up while an API server takes its MeshNode and does not answer', async () => {
    const one = setting();
    one.publishing = new Promise(() => undefined);
    one.inputs = { ...INPUTS, meshNodes: [{ ...meshNode('a', 'one', 0), spec: { ...meshNode('a', 'one', 0).spec, persistentKeepalive: 7 } }, meshNode('b', 'two', 1)] };
    const passing = one.pass();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(one.host.state().routes.size).toBeGreaterThan(0);
    void passing;
  });

  test('takes nothing away for what it saved before the last change', async () => {
    const former = setting();
    await former.pass();
    const again = setting({ saved: { inputs: { ...INPUTS, meshNodes: [meshNode('a', 'one', 0)] }, resolved: {} } }, former.host);
    again.inputs = undefined;
    expect(await again.pass()).toEqual([]);
    again.inputs = INPUTS;
    expect(await again.pass()).toEqual([]);
  });

  test('publishes its MeshNode when it differs', async () => {
    const one = setting();
    await one.pass();
    expect(one.published).toEqual([]);
    one.inputs = { ...INPUTS, meshNodes: [meshNode('b', 'two', 1)] };
    await one.pass();
    expect(one.published).toEqual(['one']);
  });

  test('tells of a failure, looks again, and mends it', async () => {
    const one = setting();
    one.refuse = (text) => text.startsWith('nft');
    await one.pass();
    expect(one.result()).toEqual({ kind: 'failed', failures: [expect.stringMatching(/^nft table inet kilofed: .*: refused$/)], published: true });
    one.refuse = () => false;
    expect(await one.pass()).toEqual([expect.stringMatching(/^nft table inet kilofed/)]);
    expect(one.observations).toBe(2);
  });

  test('on a kernel without ipip says what to do, and has all else that is planned', async () => {
    const one = setting({}, createFakeHost('eth0', 0, { lacks: ['ipip'] }));
    const near = meshNode('c', 'one', 2);
    one.inputs = { ...INPUTS, mesh: { ...mesh, spec: { ...mesh.spec, encapsulationType: 'ipip' } }, meshNodes: [...INPUTS.meshNodes, { ...near, status: { meshAddresses: ['10.4.0.3'] } }] };
    await one.pass();
    expect(one.result()).toMatchObject({ kind: 'failed', failures: expect.arrayContaining([expect.stringMatching(/^ip link add kiloip .*: this kernel has no ipip: load the module .*, or let the Mesh say encapsulationType vxlan$/)]) });
    const routes = [...one.host.state().routes.values()].filter(({ dst }) => dst.startsWith('10.42'));
    expect(routes.map(({ dst, to }) => `${dst} ${to.kind}`)).toEqual(['10.42.1.0/24 group', '10.42.1.0/24 unreachable', '10.42.2.0/24 unreachable']);
  });

  test('believes what it knows for 30 s, and not after a doubt', async () => {
    const one = setting();
    await one.pass();
    one.host.lose('kilo0');
    expect(await one.pass()).toEqual([]);
    one.agent.doubt();
    expect((await one.pass())[0]).toBe('ip link add kilo0 type wireguard');
    one.host.lose('kilo0');
    await one.clock.advance(30_000);
    expect((await one.pass())[0]).toBe('ip link add kilo0 type wireguard');
  });

  test('tells a problem once, and what to do about it', async () => {
    const one = setting();
    one.inputs = { ...INPUTS, mesh: { ...mesh, spec: { ...mesh.spec, cni: { enabled: true, others: 'keep' } } } };
    await one.pass();
    await one.pass();
    expect(one.warnings).toEqual([expect.stringContaining('apply manifests/cluster-cni.yaml')]);
  });

  test("tunnels follow the smallest way to their ends, once it is looked for; a Mesh's own MTU wins", async () => {
    const one = setting();
    await one.pass();
    one.pathMtu = 1400;
    expect(await one.pass()).toEqual([]);
    one.agent.doubt();
    expect(await one.pass()).toEqual(['ip link set kilo0 mtu 1320 up', 'ip link set kilo1 mtu 1320 up']);
    one.inputs = { ...INPUTS, mesh: { ...mesh, spec: { ...mesh.spec, mtu: 1380 } } };
    expect(await one.pass()).toEqual(['ip link set kilo0 mtu 1380 up', 'ip link set kilo1 mtu 1380 up']);
  });

  test.each<[string, readonly Peer[], Readonly<Record<string, number>>, number]>([
    ["a person's machine behind a narrow device", [laptop('203.0.113.7')], { '203.0.113.7': 1280 }, 1420],
    ['one that was heard from there', [laptop()], { '198.51.100.9': 1280 }, 1420],
    ['another member by way of it', [ofMember('203.0.113.7')], { '203.0.113.7': 1400 }, 1320],
    ['another member heard from there', [ofMember()], { '198.51.100.9': 1400 }, 1320],
    ['a gateway of this cluster, by next to nothing', [], { '10.0.1.2': 300 }, 1280],
  ])('tunnels are as large as fits the ways to gateways, whatever leads to people: %s', async (_what, peers, ways, mtu) => {
    const one = setting();
    one.inputs = { ...INPUTS, peers };
    await one.pass();
    const [peer] = peers;
    if (peer !== undefined && peer.spec.endpoint === undefined) one.host.run({ kind: 'peer.set', interface: 'kilo0', publicKey: peer.spec.publicKey, endpoint: '198.51.100.9:51820' });
    one.ways = ways;
    one.agent.doubt();
    await one.pass();
    expect(one.agent.plan()?.interfaces.map((each) => each.mtu)).toEqual([mtu, mtu]);
    expect(one.warnings.filter((text) => text.includes('SmallMTU'))).toHaveLength(mtu === 1280 ? 1 : 0);
  });

  test('a Peer with a network around the API server takes no packet to it', async () => {
    const one = setting();
    one.inputs = { ...INPUTS, peers: [{ ...laptop('203.0.113.7'), spec: { ...laptop('203.0.113.7').spec, allowedIPs: ['192.0.2.8/29'] } }] };
    const routes = (await one.pass()).filter((text) => text.startsWith('ip route') && text.includes('192.0.2.') && !text.includes('unreachable'));
    expect(routes.map((text) => /192\.0\.2\.\S+/.exec(text)?.[0])).toEqual(['192.0.2.10/31', '192.0.2.12/30', '192.0.2.8/32']);
    expect(one.saved).toMatchObject([{ apiServers: ['192.0.2.9'] }]);
  });

  test('what the kernel learned of the way to a gateway holds for a day: tunnels that fit make the kernel forget it after ten minutes', async () => {
    const one = setting();
    const sizeAfter = async (hours: number): Promise<number | undefined> => {
      await one.clock.advance(hours * 3_600_000);
      one.agent.doubt();
      await one.pass();
      return one.agent.plan()?.interfaces[0]?.mtu;
    };
    expect(await sizeAfter(0)).toBe(1420);
    one.learned = { '10.0.1.2': 1400, '203.0.113.7': 1300 };
    expect(await sizeAfter(0)).toBe(1320);
    one.learned = {};
    expect(await sizeAfter(12)).toBe(1320);
    expect(await sizeAfter(11)).toBe(1320);
    expect(await sizeAfter(1)).toBe(1420);
    one.learned = { '10.0.1.2': 552 };
    expect(await sizeAfter(0)).toBe(1280);
  });

  test('the loss of a remote node costs its removal only', async () => {
    const one = setting();
    one.inputs = { ...INPUTS, meshNodes: [...INPUTS.meshNodes, meshNode('c', 'three', 2)] };
    await one.pass();
    one.inputs = INPUTS;
    expect((await one.pass()).every((text) => text.includes(' del ') || text.endsWith(' remove'))).toBe(true);
  });
});

describe('an agent that heals a tunnel', () => {
  const KEY = keyOf('b');
  const SET = `wg set kilo0 peer ${KEY} endpoint`;
  const person: Peer = { apiVersion: 'kilo.squat.ai/v1alpha1', kind: 'Peer', metadata: { name: 'laptop' }, spec: { publicKey: keyOf('laptop'), allowedIPs: ['10.5.0.1/32'] } };
  const dialsIn = { ...meshNode('b', 'two', 1), spec: { ...meshNode('b', 'two', 1).spec, endpoints: [], persistentKeepalive: 25 } };

  test.each<[string, { readonly healing: Healing; readonly inputs?: Partial<ClusterInputs>; readonly done: readonly string[] }]>([
    ['makes its peer anew, with all that it had', {
      healing: { kind: 'peer', plane: 0, publicKey: KEY },
      done: [`wg set kilo0 peer ${KEY} remove`, `${SET} 10.0.1.2:51820 persistent-keepalive off allowed-ips 10.0.1.2/32,10.4.0.2/32,10.42.1.0/24`],
    }],
    ['and where it was last heard from, if it dials in', {
      healing: { kind: 'peer', plane: 0, publicKey: KEY },
      inputs: { meshNodes: [meshNode('a', 'one', 0), dialsIn] },
      done: [`wg set kilo0 peer ${KEY} remove`, `${SET} 192.0.2.7:4242 persistent-keepalive off allowed-ips 10.0.1.2/32,10.4.0.2/32,10.42.1.0/24`],
    }],
    ['makes its interface anew', { healing: { kind: 'interface', plane: 0 }, done: ['ip link del kilo0'] }],
    ["not where people's peers are on it, which have no other", { healing: { kind: 'interface', plane: 0 }, inputs: { peers: [person] }, done: [] }],
    ['writes the wanted endpoint', { healing: { kind: 'endpoint', plane: 0, publicKey: KEY }, done: [`${SET} 10.0.1.2:51820`] }],
    ['no endpoint where none is wanted', { healing: { kind: 'endpoint', plane: 0, publicKey: KEY }, inputs: { meshNodes: [meshNode('a', 'one', 0), dialsIn] }, done: [] }],
    ['nothing of a peer that is gone by now', { healing: { kind: 'peer', plane: 0, publicKey: keyOf('c') }, done: [] }],
    ['nor on a plane that is', { healing: { kind: 'interface', plane: 3 }, done: [] }],
  ])('%s', async (_what, { healing, inputs = {}, done }) => {
    const one = setting();
    one.inputs = { ...INPUTS, ...inputs };
    await one.pass();
    one.host.run({ kind: 'peer.set', interface: 'kilo0', publicKey: KEY, endpoint: '192.0.2.7:4242' });
    one.agent.doubt();
    await one.pass();
    expect(await one.heal(healing)).toEqual(done);
    expect(one.healed).toEqual(done.length === 0 ? [] : [healing.kind]);
  });

  test('brings an interface that it took down up again, with all that is on it', async () => {
    const one = setting();
    await one.pass();
    await one.heal({ kind: 'interface', plane: 0 });
    const commands = await one.pass();
    expect(commands[0]).toBe('ip link add kilo0 type wireguard');
    expect(commands).toContainEqual(expect.stringContaining(`wg set kilo0 peer ${KEY}`));
    expect(commands).toContainEqual(expect.stringMatching(/^ip nexthop replace .*dev kilo0/));
  });
});

describe('an agent whose far gateway is behind NAT', () => {
  const FAR = keyOf('b');
  const OUTSIDE = '203.0.113.9:41820';
  /** A host whose WireGuard has a session with it at that place. */
  function hearing(): FakeHost {
    const host = createFakeHost();
    return {
      ...host,
      state() {
        const state = host.state();
        const [device, peer] = [state.wireguard.get('kilo0'), state.wireguard.get('kilo0')?.peers.get(FAR)];
        if (device === undefined || peer === undefined) return state;
        const peers = new Map([...device.peers, [FAR, { ...peer, endpoint: OUTSIDE, lastHandshake: state.at - 10 }]]);
        return { ...state, wireguard: new Map([...state.wireguard, ['kilo0', { ...device, peers }]]) };
      },
    };
  }

  test('tells where it hears it, and leaves it there', async () => {
    const one = setting({}, hearing());
    await one.pass();
    one.agent.doubt();
    expect(await one.pass()).toEqual([]);
    expect(one.published).toEqual([`one 0 ${OUTSIDE}`]);
  });

  test('tries where others hear it with a peer made anew, and leaves it there for an answer', async () => {
    const one = setting();
    await one.pass();
    await one.agent.heal({ kind: 'heard', plane: 0, publicKey: FAR, endpoint: OUTSIDE }, new AbortController().signal);
    expect(one.host.state().wireguard.get('kilo0')?.peers.get(FAR)).toMatchObject({ endpoint: OUTSIDE, allowedIPs: ['10.0.1.2/32', '10.4.0.2/32', '10.42.1.0/24'] });
    expect(await one.pass()).toEqual([]);
    await one.agent.heal({ kind: 'endpoint', plane: 0, publicKey: FAR }, new AbortController().signal);
    expect(one.host.state().wireguard.get('kilo0')?.peers.get(FAR)?.endpoint).toBe('10.0.1.2:51820');
  });
});

describe("an agent on a host of Kilo's", () => {
  const left = { ...NO_TRACES, routes: [{ dst: '10.42.1.0/24', via: '10.4.0.2', dev: 'kilo0', table: 254 }] };
  const REMOVAL = 'ip route del 10.42.1.0/24 via 10.4.0.2 dev kilo0 table 254 proto static';

  test('changes nothing while its agent runs, and publishes nevertheless', async () => {
    const one = setting();
    one.kilo = { running: 'process 7, kg', traces: left };
    one.inputs = { ...INPUTS, meshNodes: [meshNode('b', 'two', 1), { ...meshNode('a', 'one', 0), spec: { ...meshNode('a', 'one', 0).spec, location: 'elsewhere' } }] };
    expect(await one.pass()).toEqual([]);
    expect(one.result()).toMatchObject({ kind: 'waiting', soon: true, reason: expect.stringContaining("Kilo's agent runs on this node (process 7, kg)") });
    expect(one.published).toEqual(['one']);
    one.kilo = { traces: left };
    expect((await one.pass()).at(-1)).toBe(REMOVAL);
  });

  test('removes what it left last, once, and looks at the host again', async () => {
    const one = setting();
    one.kilo = { traces: left };
    const commands = await one.pass();
    expect(commands.filter((text) => text.includes('proto static'))).toEqual([REMOVAL]);
    expect(commands.at(-1)).toBe(REMOVAL);
    expect(await one.pass()).toEqual([]);
    expect(one.observations).toBe(2);
  });

  test('removes nothing while anything of ours is not in place', async () => {
    const one = setting();
    one.kilo = { traces: left };
    one.refuse = (text) => text.startsWith('nft');
    expect(await one.pass()).not.toContain(REMOVAL);
    one.refuse = () => false;
    expect((await one.pass()).at(-1)).toBe(REMOVAL);
  });

  test('beside it, leaves kilo0 and all else that is its', async () => {
    const one = setting();
    one.host.run({ kind: 'wireguard.add', name: 'kilo0' });
    one.kilo = { running: 'process 7, kg', traces: left };
    const placed = INPUTS.meshNodes.map((node): MeshNode => ({ ...node, status: { ...node.status, slot: 1 } }));
    one.inputs = { ...INPUTS, mesh: { ...mesh, spec: meshSpecSchema.parse({ besideKilo: 'ahead' }) }, meshNodes: placed };
    const commands = await one.pass();
    expect(commands).toContain('ip link add kilo1 type wireguard');
    expect(commands.filter((text) => text.includes('kilo0') && !text.startsWith('sysctl'))).toEqual([]);
    expect(await one.pass()).toEqual([]);
  });
});
