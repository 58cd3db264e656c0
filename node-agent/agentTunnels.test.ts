import { describe, expect, test } from '@jest/globals';
import type { Peer } from '../core/api/peer.js';
import type { HostRepair } from '../core/tunnels/repair.js';
import { createFakeHost, type FakeHost } from '../test/host/fakeHost.js';
import { keyOf } from '../test/host/plans.js';
import type { ClusterInputs } from './inputs.js';
import { INPUTS, meshNode, setting } from '../test/host/agentSetting.js';

describe('an agent whose tunnel is repaired', () => {
  const KEY = keyOf('b');
  const SET = `wg set kilo0 peer ${KEY} endpoint`;
  const external: Peer = {
    apiVersion: 'kilo.squat.ai/v1alpha1',
    kind: 'Peer',
    metadata: { name: 'laptop' },
    spec: { publicKey: keyOf('laptop'), allowedIPs: ['10.5.0.1/32'] },
  };
  const dialsIn = { ...meshNode('b', 'two', 1), spec: { ...meshNode('b', 'two', 1).spec, endpoints: [], persistentKeepalive: 25 } };

  test.each<[string, { readonly repair: HostRepair; readonly inputs?: Partial<ClusterInputs>; readonly done: readonly string[] }]>([
    [
      'recreates its peer, with all that it had',
      {
        repair: { kind: 'recreatePeer', plane: 0, publicKey: KEY },
        done: [
          `wg set kilo0 peer ${KEY} remove`,
          `${SET} 10.0.1.2:51820 persistent-keepalive off allowed-ips 10.0.1.2/32,10.4.0.2/32,10.42.1.0/24`,
        ],
      },
    ],
    [
      'recreates it at its last endpoint, if it dials in',
      {
        repair: { kind: 'recreatePeer', plane: 0, publicKey: KEY },
        inputs: { meshNodes: [meshNode('a', 'one', 0), dialsIn] },
        done: [
          `wg set kilo0 peer ${KEY} remove`,
          `${SET} 192.0.2.7:4242 persistent-keepalive off allowed-ips 10.0.1.2/32,10.4.0.2/32,10.42.1.0/24`,
        ],
      },
    ],
    ['recreates its interface', { repair: { kind: 'recreateInterface', plane: 0 }, done: ['ip link del kilo0'] }],
    [
      'not where external peers are on it, which have no other',
      { repair: { kind: 'recreateInterface', plane: 0 }, inputs: { peers: [external] }, done: [] },
    ],
    [
      'sets the configured endpoint again',
      { repair: { kind: 'resetEndpoint', plane: 0, publicKey: KEY }, done: [`${SET} 10.0.1.2:51820`] },
    ],
    [
      'no endpoint where none is configured',
      { repair: { kind: 'resetEndpoint', plane: 0, publicKey: KEY }, inputs: { meshNodes: [meshNode('a', 'one', 0), dialsIn] }, done: [] },
    ],
    ['nothing of a peer that is gone by now', { repair: { kind: 'recreatePeer', plane: 0, publicKey: keyOf('c') }, done: [] }],
    ['nor on a plane that is', { repair: { kind: 'recreateInterface', plane: 3 }, done: [] }],
  ])('%s', async (_what, { repair, inputs = {}, done }) => {
    const one = setting();
    one.inputs = { ...INPUTS, ...inputs };
    await one.pass();
    one.host.run({ kind: 'peer.set', interface: 'kilo0', publicKey: KEY, endpoint: '192.0.2.7:4242' });
    one.view.invalidate();
    await one.pass();
    expect(await one.repair(repair)).toEqual(done);
    expect(one.repaired).toEqual(done.length === 0 ? [] : [repair.kind]);
  });

  test('brings an interface that it took down up again, with all that is on it', async () => {
    const one = setting();
    await one.pass();
    await one.repair({ kind: 'recreateInterface', plane: 0 });
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
  function roamed(): FakeHost {
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

  test('publishes its observed endpoint, and leaves it there', async () => {
    const one = setting({}, roamed());
    await one.pass();
    one.view.invalidate();
    expect(await one.pass()).toEqual([]);
    expect(one.published).toEqual([`one 0 ${OUTSIDE}`]);
  });

  test('recreates its peer at an endpoint that others observe, and leaves it there for an answer', async () => {
    const one = setting();
    await one.pass();
    await one.repair({ kind: 'tryCandidate', plane: 0, publicKey: FAR, endpoint: OUTSIDE });
    expect(one.host.state().wireguard.get('kilo0')?.peers.get(FAR)).toMatchObject({
      endpoint: OUTSIDE,
      allowedIPs: ['10.0.1.2/32', '10.4.0.2/32', '10.42.1.0/24'],
    });
    expect(await one.pass()).toEqual([]);
    await one.repair({ kind: 'resetEndpoint', plane: 0, publicKey: FAR });
    expect(one.host.state().wireguard.get('kilo0')?.peers.get(FAR)?.endpoint).toBe('10.0.1.2:51820');
  });
});
