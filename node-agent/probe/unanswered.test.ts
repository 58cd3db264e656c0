import { expect, test } from '@jest/globals';
import { emptyPlan } from '../../core/host/emptyPlan.js';
import type { HostState, PeerState } from '../../core/host/state.js';
import { createHandClock } from '../../test/host/handClock.js';
import { unansweredLook } from './unanswered.js';
import { watchTunnels } from './watchTunnels.js';

const ROUTER = { publicKey: 'k', owner: 'peer router', endpoint: '203.0.113.1:51820', persistentKeepalive: 0, allowedIPs: [] };
const PLAN = { ...emptyPlan('a'), interfaces: [{ name: 'kilo0', plane: 0, listenPort: 51820, mtu: 1420, peers: [ROUTER] }] };

/** How often WireGuard was asked, and when it was told of somebody gone, of one that is sent to all the time and falls silent in second 20. */
async function watched(answers: Readonly<Record<string, string>>): Promise<{ readonly asked: number; readonly gone: readonly number[] }> {
  const clock = createHandClock();
  const stop = new AbortController();
  const gone: number[] = [];
  let asked = 0;
  const tunnels = (): Promise<HostState['wireguard']> => {
    asked += 1;
    const peer: PeerState = { persistentKeepalive: 0, allowedIPs: [], lastHandshake: 1, receivedBytes: Math.min(clock.now(), 20_000), sentBytes: clock.now() };
    return Promise.resolve(new Map([['kilo0', { listenPort: 51820, peers: new Map([['k', peer]]) }]]));
  };
  void watchTunnels({ clock, host: { tunnels }, plan: () => PLAN }, [unansweredLook({ clock, answers: () => answers, onUnanswered: () => void gone.push(clock.now() / 1000) })], stop.signal);
  await clock.advance(60_000);
  stop.abort();
  return { asked, gone };
}

test('tells once that one which is dialled by name answers no more', async () => {
  expect(await watched({ 'router.example': '203.0.113.1' })).toEqual({ asked: 30, gone: [34] });
});

test('asks WireGuard nothing where nobody is dialled by name', async () => {
  expect(await watched({ 'other.example': '203.0.113.9' })).toEqual({ asked: 0, gone: [] });
});
