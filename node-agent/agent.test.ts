import { describe, expect, test } from '@jest/globals';
import { meshSpecSchema } from '../core/api/meshSpec.js';
import type { Peer } from '../core/api/peer.js';
import { createFakeHost } from '../test/host/fakeHost.js';
import type { ClusterInputs } from './inputs.js';
import { INPUTS, laptop, mesh, meshNode, ofMember, setting } from '../test/host/agentSetting.js';

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
    expect(one.result()).toMatchObject({ kind: 'waiting', reason: 'the objects of the cluster are not all read yet' });
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
    one.view.invalidate();
    expect(await one.pass()).toEqual([]);
    expect(one.host.state().routes.size).toBeGreaterThan(0);
  });

  test('works from what it saved while no API server answers', async () => {
    const first = setting();
    await first.pass();
    const [saved] = first.saved;
    const { exported: _exported, ...lasting } = INPUTS;
    expect(saved).toEqual({ inputs: lasting, resolved: {}, apiServers: ['192.0.2.9'] });
    const second = setting({ saved: { inputs: INPUTS, resolved: {} } });
    second.inputs = undefined;
    expect((await second.pass()).length).toBeGreaterThan(10);
    expect(second.published).toEqual([]);
    expect(second.saved).toEqual([]);
  });

  test('publishes problems in its MeshNode, and none when they are gone', async () => {
    const one = setting();
    const node = INPUTS.node as NonNullable<ClusterInputs['node']>;
    one.inputs = {
      ...INPUTS,
      mesh: { ...mesh, spec: meshSpecSchema.parse({ cni: { enabled: true } }) },
      node: {
        ...node,
        metadata: { ...node.metadata, annotations: { 'kilo.squat.ai/location': 'one', 'kilo.squat.ai/persistent-keepalive': 'often' } },
      },
    };
    await one.pass();
    expect(one.published).toEqual(['one BadPersistentKeepalive NoCniFolder']);
    one.inputs = {
      ...INPUTS,
      meshNodes: [
        { ...meshNode('a', 'one', 0), spec: { ...meshNode('a', 'one', 0).spec, problems: [{ reason: 'NoCniFolder', message: 'it was' }] } },
      ],
    };
    await one.pass();
    expect(one.published).toEqual(['one BadPersistentKeepalive NoCniFolder', 'one']);
  });

  test('publishes in its MeshNode what its own plan leaves out', async () => {
    const one = setting();
    one.inputs = {
      ...INPUTS,
      meshNodes: [
        { ...meshNode('a', 'one', 0), spec: { ...meshNode('a', 'one', 0).spec, endpoints: [{ host: '10.0.0.2', port: 65_535 }] } },
        meshNode('b', 'two', 1),
      ],
    };
    await one.pass();
    expect(one.published).toEqual(['one PortRange']);
  });

  test('report 13: keeps the InternalIP that its Node says no more, as long as the host has it', async () => {
    const one = setting();
    const verified = { location: 'one', podCIDRs: ['10.42.0.0/24'], internalIPs: ['10.0.0.2'], endpoints: ['10.0.0.2'] };
    const known = meshNode('a', 'one', 0);
    const placed = { ...known, status: { meshAddresses: ['10.4.0.1'], slot: 0, verified } };
    one.inputs = { ...INPUTS, meshNodes: [placed, meshNode('b', 'two', 1)] };
    await one.pass();
    one.inputs = { ...one.inputs, node: { metadata: { name: 'a', uid: 'uid-a', annotations: { 'kilo.squat.ai/location': 'one' } } } };
    expect(await one.pass()).toEqual([]);
    expect(one.observations).toBe(1);
    expect(one.published.at(-1)).toBe('one InternalIPUnsaid');
    expect(one.specs.at(-1)).toMatchObject({ internalIPs: ['10.0.0.2/24'], endpoints: [{ host: '10.0.0.2' }] });
  });

  test('report 22: makes the host right while its port for health and metrics is taken, and says so', async () => {
    const one = setting();
    one.notServing = 'listen EADDRINUSE: address already in use 127.0.0.1:9107: end the program that listens there';
    expect((await one.pass()).length).toBeGreaterThan(10);
    expect(one.result()).toMatchObject({ kind: 'matched' });
    expect(one.published).toEqual(['one NotServing']);
  });

  test('publishes a firewall that is in the way, and does its work all the same', async () => {
    const one = setting();
    one.firewall = [{ subject: { kind: 'node', name: 'a' }, reason: 'FirewallDrops', message: 'no tunnel works', remedy: 'open it' }];
    expect((await one.pass()).length).toBeGreaterThan(10);
    expect(one.result()).toMatchObject({ kind: 'matched' });
    expect(one.published).toEqual(['one FirewallDrops']);
    expect(one.specs.at(-1)?.problems).toEqual([{ reason: 'FirewallDrops', message: 'no tunnel works: open it' }]);
  });

  test('publishes sockets that probes lack, once, and that they have them again', async () => {
    const one = setting();
    await one.pass();
    one.missingSockets = [51810, 51811].map((port) => ({ address: '10.4.0.1', port, code: 'EADDRINUSE' }));
    await one.pass();
    one.inputs = {
      ...INPUTS,
      meshNodes: [
        {
          ...meshNode('a', 'one', 0),
          spec: { ...meshNode('a', 'one', 0).spec, problems: [{ reason: 'NoProbeSocket', message: 'it was' }] },
        },
      ],
    };
    one.missingSockets = [];
    await one.pass();
    expect(one.published).toEqual(['one NoProbeSocket', 'one']);
    expect(one.warnings).toEqual([
      expect.stringContaining('UDP port 51810, 51811 cannot be had on 10.4.0.1: something else has it (ss -ulnp tells what'),
    ]);
  });

  test('brings its host up while an API server takes its MeshNode and does not answer', async () => {
    const one = setting();
    one.publishing = new Promise(() => undefined);
    one.inputs = {
      ...INPUTS,
      meshNodes: [
        { ...meshNode('a', 'one', 0), spec: { ...meshNode('a', 'one', 0).spec, persistentKeepalive: 7 } },
        meshNode('b', 'two', 1),
      ],
    };
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

  test('reports a failure, reads the host again, and mends it', async () => {
    const one = setting();
    one.refuse = (text) => text.startsWith('nft');
    await one.pass();
    expect(one.result()).toEqual({
      kind: 'failed',
      failures: [expect.stringMatching(/^nft table inet kilofed: .*: refused$/)],
      published: true,
    });
    one.refuse = () => false;
    expect(await one.pass()).toEqual([expect.stringMatching(/^nft table inet kilofed/)]);
    expect(one.observations).toBe(2);
  });

  test('I1, R4: tells in its MeshNode of a host that keeps failing, and no more once it is mended', async () => {
    const one = setting();
    one.refuse = (text) => text.startsWith('ip link add kilo0');
    await one.pass();
    expect(one.published).toEqual([]);
    await one.clock.advance(3000);
    await one.pass();
    expect(one.published).toEqual(['one HostFailing']);
    one.refuse = () => false;
    const own = meshNode('a', 'one', 0);
    const told = { ...own, spec: { ...own.spec, problems: [{ reason: 'HostFailing', message: 'as it was' }] } };
    one.inputs = { ...INPUTS, meshNodes: [told, meshNode('b', 'two', 1)] };
    await one.pass();
    expect(one.published).toEqual(['one HostFailing', 'one']);
  });

  test('I1: tells of a host that cannot be read', async () => {
    const one = setting();
    one.unreadable = 'ip -j rule: Address family not supported';
    await expect(one.pass()).rejects.toThrow('not supported');
    await one.clock.advance(3000);
    await expect(one.pass()).rejects.toThrow('not supported');
    expect(one.published).toEqual(['one HostFailing']);
  });

  test('on a kernel without ipip says what to do, and has all else that is planned', async () => {
    const one = setting({}, createFakeHost('eth0', 0, { lacks: ['ipip'] }));
    const near = meshNode('c', 'one', 2);
    one.inputs = {
      ...INPUTS,
      mesh: { ...mesh, spec: { ...mesh.spec, encapsulationType: 'ipip' } },
      meshNodes: [...INPUTS.meshNodes, { ...near, status: { meshAddresses: ['10.4.0.3'] } }],
    };
    await one.pass();
    expect(one.result()).toMatchObject({
      kind: 'failed',
      failures: expect.arrayContaining([
        expect.stringMatching(
          /^ip link add kiloip .*: this kernel has no ipip: load the module .*, or let the Mesh say encapsulationType vxlan$/,
        ),
      ]),
    });
    const routes = [...one.host.state().routes.values()].filter(({ dst }) => dst.startsWith('10.42'));
    expect(routes.map(({ dst, to }) => `${dst} ${to.kind}`)).toEqual([
      '10.42.1.0/24 group',
      '10.42.1.0/24 unreachable',
      '10.42.2.0/24 unreachable',
    ]);
  });

  test('believes what it knows for 30 s, and not after something said that it may be wrong', async () => {
    const one = setting();
    await one.pass();
    one.host.lose('kilo0');
    expect(await one.pass()).toEqual([]);
    one.view.invalidate();
    expect((await one.pass())[0]).toBe('ip link add kilo0 type wireguard');
    one.host.lose('kilo0');
    await one.clock.advance(30_000);
    expect((await one.pass())[0]).toBe('ip link add kilo0 type wireguard');
  });

  test('logs a problem once, and what to do about it', async () => {
    const one = setting();
    one.inputs = { ...INPUTS, mesh: { ...mesh, spec: { ...mesh.spec, cni: { enabled: true, others: 'keep' } } } };
    await one.pass();
    await one.pass();
    expect(one.warnings).toEqual([expect.stringContaining('apply manifests/cluster-cni.yaml')]);
  });

  test("tunnels follow the smallest path MTU to their ends, once it is looked for; a Mesh's own MTU wins", async () => {
    const one = setting();
    await one.pass();
    one.pathMtu = 1400;
    expect(await one.pass()).toEqual([]);
    one.view.invalidate();
    expect(await one.pass()).toEqual(['ip link set kilo0 mtu 1320 up', 'ip link set kilo1 mtu 1320 up']);
    one.inputs = { ...INPUTS, mesh: { ...mesh, spec: { ...mesh.spec, mtu: 1380 } } };
    expect(await one.pass()).toEqual(['ip link set kilo0 mtu 1380 up', 'ip link set kilo1 mtu 1380 up']);
  });

  test.each<[string, readonly Peer[], Readonly<Record<string, number>>, number]>([
    ['an external peer behind a narrow device', [laptop('203.0.113.7')], { '203.0.113.7': 1280 }, 1420],
    ['one that has roamed there', [laptop()], { '198.51.100.9': 1280 }, 1420],
    ['another member behind it', [ofMember('203.0.113.7')], { '203.0.113.7': 1400 }, 1320],
    ['another member that has', [ofMember()], { '198.51.100.9': 1400 }, 1320],
    ['a gateway of this cluster, by next to nothing', [], { '10.0.1.2': 300 }, 1280],
  ])('tunnels are as large as fits the paths to gateways, whatever leads to external peers: %s', async (_what, peers, pathMtus, mtu) => {
    const one = setting();
    one.inputs = { ...INPUTS, peers };
    await one.pass();
    const [peer] = peers;
    if (peer !== undefined && peer.spec.endpoint === undefined)
      one.host.run({ kind: 'peer.set', interface: 'kilo0', publicKey: peer.spec.publicKey, endpoint: '198.51.100.9:51820' });
    one.pathMtus = pathMtus;
    one.view.invalidate();
    await one.pass();
    expect(one.view.plan()?.interfaces.map((each) => each.mtu)).toEqual([mtu, mtu]);
    expect(one.warnings.filter((text) => text.includes('SmallMTU'))).toHaveLength(mtu === 1280 ? 1 : 0);
  });

  test('a Peer with a network around the API server takes no packet to it', async () => {
    const one = setting();
    one.inputs = {
      ...INPUTS,
      peers: [{ ...laptop('203.0.113.7'), spec: { ...laptop('203.0.113.7').spec, allowedIPs: ['192.0.2.8/29'] } }],
    };
    const routes = (await one.pass()).filter(
      (text) => text.startsWith('ip route') && text.includes('192.0.2.') && !text.includes('unreachable'),
    );
    expect(routes.map((text) => /192\.0\.2\.\S+/.exec(text)?.[0])).toEqual(['192.0.2.10/31', '192.0.2.12/30', '192.0.2.8/32']);
    expect(one.saved).toMatchObject([{ apiServers: ['192.0.2.9'] }]);
  });

  test('what the kernel learned of the path to a gateway holds for a day: it forgets it after ten minutes once tunnels fit', async () => {
    const one = setting();
    const sizeAfter = async (hours: number): Promise<number | undefined> => {
      await one.clock.advance(hours * 3_600_000);
      one.view.invalidate();
      await one.pass();
      return one.view.plan()?.interfaces[0]?.mtu;
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
