/**
 * How the hub registers members in one another.
 */
import { expect, test } from '@jest/globals';
import { subjectText } from '../../core/api/problem.js';
import { RESOURCE } from '../../core/api/resources.js';
import { becomes, type HubUnderTest, type HubWorld, key, names, type Peer, peersIn } from './world.js';

export function peerTests(world: () => HubWorld, hub: HubUnderTest): void {
  test("registers every member's gateways in every other", async () => {
    const { east, west, north, directory } = world();
    for (const cluster of [east, west, north]) await directory.declare(cluster.id, cluster.hubKubeconfig());
    hub.start();
    await becomes('peers of east in west', ['east-lyon-0', 'east-lyon-1', 'east-oslo-0'], () => names(west, 'east'));
    await becomes('peers of east in north', 3, async () => (await names(north, 'east')).length);
    await becomes('peers of west in east', 1, async () => (await names(east, 'west')).length);
    await becomes('peers of north in east', 1, async () => (await names(east, 'north')).length);
    const [gateway] = await peersIn(west, 'east');
    expect(gateway?.spec).toEqual({
      publicKey: key(1),
      allowedIPs: ['10.1.0.0/24', '10.1.1.0/24', '10.1.3.0/24', '10.4.1.1/32', '10.4.1.2/32', '10.4.1.4/32', '10.77.1.13/32'],
      endpoint: { dnsOrIP: { ip: '192.0.2.11' }, port: 51820 },
    });
    expect(gateway?.metadata.labels).toMatchObject({
      'kilofed.io/cluster': 'east',
      'kilofed.io/location': 'lyon',
      'kilofed.io/segment': 'lyon',
    });
    expect(gateway?.metadata.annotations).toMatchObject({
      'kilofed.io/slot': '0',
      'kilofed.io/planes': '2',
      'kilofed.io/mesh-address': '10.4.1.1',
    });
    expect(hub.notReady()).toBeUndefined();
    await becomes('status', ['linked', 'linked', 'linked', 'linked', 'linked', 'linked'], () =>
      hub.status().pairs.map((pair) => pair.state),
    );
  });

  test('follows keys, endpoints, pod ranges, slots and nodes', async () => {
    const { east, west } = world();
    const lyon = {
      key: key(9),
      podCIDR: '10.1.8.0/24',
      endpoint: '192.0.2.19',
      internalIP: '10.77.1.11/24',
      location: 'lyon',
      meshAddress: '10.4.1.1',
      slot: 0,
    };
    await east.node('a1', lyon);
    await becomes('the changed gateway', { key: key(9), endpoint: '192.0.2.19', pods: true }, async () => {
      const peer = (await peersIn(west, 'east')).find(({ metadata }) => metadata.name === 'east-lyon-0');
      return { key: peer?.spec.publicKey, endpoint: peer?.spec.endpoint?.dnsOrIP.ip, pods: peer?.spec.allowedIPs.includes('10.1.8.0/24') };
    });
    await east.node('c1', {
      key: key(7),
      podCIDR: '10.1.7.0/24',
      endpoint: 'gate.example.org',
      internalIP: '10.77.3.11/24',
      location: 'rome',
      meshAddress: '10.4.1.7',
      slot: 0,
    });
    await becomes('a new segment', ['east-lyon-0', 'east-lyon-1', 'east-oslo-0', 'east-rome-0'], () => names(west, 'east'));
    expect((await peersIn(west, 'east')).find(({ metadata }) => metadata.name === 'east-rome-0')?.spec.endpoint?.dnsOrIP).toEqual({
      dns: 'gate.example.org',
    });
    await east.remove(RESOURCE.meshNode, 'c1');
    await becomes('the segment gone', ['east-lyon-0', 'east-lyon-1', 'east-oslo-0'], () => names(west, 'east'));
    await east.node('a1', { ...lyon, key: key(1), podCIDR: '10.1.0.0/24', endpoint: '192.0.2.11' });
    await becomes('the gateway as before', key(1), async () => (await peersIn(west, 'east'))[0]?.spec.publicKey);
  });

  test('heals its own Peers and leaves those of people alone', async () => {
    const { west, east } = world();
    const mine = {
      apiVersion: 'kilo.squat.ai/v1alpha1',
      kind: 'Peer',
      metadata: { name: 'laptop' },
      spec: { publicKey: key(60), allowedIPs: ['10.9.0.1/32'] },
    };
    await west.apply(mine);
    await west.client.call({
      method: 'PATCH',
      path: '/apis/kilo.squat.ai/v1alpha1/peers/east-oslo-0',
      contentType: 'application/merge-patch+json',
      body: { spec: { publicKey: key(61), allowedIPs: ['0.0.0.0/0'] } },
    });
    await becomes('the edit undone', key(3), async () => (await west.get<Peer>(RESOURCE.peer, 'east-oslo-0'))?.spec.publicKey);
    await west.remove(RESOURCE.peer, 'east-oslo-0');
    await becomes('the deletion undone', key(3), async () => (await west.get<Peer>(RESOURCE.peer, 'east-oslo-0'))?.spec.publicKey);
    expect((await west.get<Peer>(RESOURCE.peer, 'laptop'))?.spec).toEqual(mine.spec);
    const taken = { ...mine, metadata: { name: 'east-paris-0' } };
    await west.apply(taken);
    await east.node('p1', {
      key: key(8),
      podCIDR: '10.1.9.0/24',
      endpoint: '192.0.2.18',
      internalIP: '10.77.9.11/24',
      location: 'paris',
      meshAddress: '10.4.1.9',
      slot: 0,
    });
    await becomes(
      'a problem',
      'NameTaken',
      () => hub.status().problems.find(({ subject }) => subjectText(subject) === 'peer east-paris-0')?.reason,
    );
    expect((await west.get<Peer>(RESOURCE.peer, 'east-paris-0'))?.spec).toEqual(mine.spec);
    await west.remove(RESOURCE.peer, 'east-paris-0');
    await becomes('ours once the name is free', key(8), async () => (await west.get<Peer>(RESOURCE.peer, 'east-paris-0'))?.spec.publicKey);
    await east.remove(RESOURCE.meshNode, 'p1');
    await becomes('gone again', undefined, () => west.get<Peer>(RESOURCE.peer, 'east-paris-0'));
    await west.remove(RESOURCE.peer, 'laptop');
  });
}
