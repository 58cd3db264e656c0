import { expect, test } from '@jest/globals';
import { emptyPlan } from '../../core/host/emptyPlan.js';
import type { PathStatus } from '../../core/failover/failover.js';
import type { PathState } from '../../core/failover/path.js';
import type { HostState, PeerState } from '../../core/host/state.js';
import type { NodePlan } from '../../core/mesh/plan.js';
import { createHandClock } from '../../test/host/handClock.js';
import { hearingLook } from './hearing.js';
import { placesLook } from './places.js';
import { watchTunnels } from './watchTunnels.js';

const WANTED = '192.168.1.5:51820';
const OUTSIDE = '203.0.113.9:41820';

function planOf(heard?: readonly string[]): NodePlan {
  const peer = { publicKey: 'KEY', owner: 'gateway far', endpoint: WANTED, persistentKeepalive: 0, allowedIPs: [], ...(heard === undefined ? {} : { heard }) };
  return { ...emptyPlan('a'), role: { kind: 'gateway', slot: 0 }, interfaces: [{ name: 'kilo0', plane: 0, listenPort: 51820, mtu: 1420, peers: [peer] }] };
}

function pathOf(state: PathState, forMs: number): PathStatus[] {
  const targets = [{ name: 'far', publicKey: 'KEY', address: '10.4.0.2', segment: 'location:far' }];
  return [{ path: { name: 'tunnel/0/location:far', kind: 'tunnel', slot: 0, segment: 'location:far', from: 1, targets }, state, inUse: true, forMs, loss: 0, misses: 0 }];
}

function wireguard(endpoint: string, lastHandshake = 0): HostState['wireguard'] {
  const peer: PeerState = { endpoint, persistentKeepalive: 0, allowedIPs: [], lastHandshake, receivedBytes: 0, sentBytes: 0 };
  return new Map([['kilo0', { listenPort: 51820, peers: new Map([['KEY', peer]]) }]]);
}

/** Seconds in which WireGuard was asked, and what was written, of a tunnel that fails for ever. `news`: when others first hear its far end. */
async function failing(seconds: number, news: number): Promise<{ readonly asked: number[]; readonly written: string[] }> {
  const clock = createHandClock();
  const stop = new AbortController();
  const asked: number[] = [];
  const written: string[] = [];
  let endpoint = WANTED;
  const tunnels = (): Promise<HostState['wireguard']> => {
    asked.push(clock.now() / 1000);
    return Promise.resolve(wireguard(endpoint));
  };
  void watchTunnels({ clock, host: { tunnels }, plan: () => planOf(clock.now() < news * 1000 ? undefined : [OUTSIDE]) }, [placesLook({
    clock, paths: () => pathOf('down', clock.now()),
    onPlace(healing) {
      endpoint = healing.kind === 'heard' ? healing.endpoint : WANTED;
      written.push(`${clock.now() / 1000} ${endpoint}`);
    },
  })], stop.signal);
  await clock.advance(seconds * 1000);
  stop.abort();
  return { asked, written };
}

test('a tunnel that fails is tried elsewhere as soon as others hear its far end, however long it has failed', async () => {
  const { asked, written } = await failing(640, 600);
  expect(asked[0]).toBe(600);
  expect(written).toEqual([`602 ${OUTSIDE}`, `632 ${WANTED}`]);
});

test('and is asked about less often after a minute, when turns are of half a minute', async () => {
  const { asked, written } = await failing(600, 0);
  expect(written.slice(0, 4)).toEqual([`4 ${OUTSIDE}`, `16 ${WANTED}`, `28 ${OUTSIDE}`, `40 ${WANTED}`]);
  const late = written.map((text) => Number(text.split(' ')[0])).filter((second) => second > 200);
  expect(new Set(late.map((second, index) => second - (late[index - 1] ?? second)).slice(1))).toEqual(new Set([30]));
  expect(asked.length).toBeLessThan(60);
});

test('a tunnel that comes up is looked at, and while its far end is heard elsewhere every ten seconds; that is told once', async () => {
  const heard = async (endpoint: string): Promise<{ readonly asked: number; readonly told: number }> => {
    const clock = createHandClock();
    const stop = new AbortController();
    let [asked, told] = [0, 0];
    const tunnels = (): Promise<HostState['wireguard']> => {
      asked += 1;
      return Promise.resolve(wireguard(endpoint, clock.wall() / 1000 - 1));
    };
    void watchTunnels({ clock, host: { tunnels }, plan: () => planOf() }, [hearingLook({ clock, paths: () => pathOf(clock.now() < 7000 ? 'new' : 'up', 0), onHeard: () => void (told += 1) })], stop.signal);
    await clock.advance(60_000);
    stop.abort();
    return { asked, told };
  };
  expect(await heard(OUTSIDE)).toEqual({ asked: 6, told: 1 });
  expect(await heard(WANTED)).toEqual({ asked: 1, told: 0 });
});
