import { expect, test } from '@jest/globals';
import { emptyPlan } from '../../core/host/emptyPlan.js';
import type { HostState } from '../../core/host/state.js';
import { createHandClock } from '../../test/host/handClock.js';
import { type LookAtTunnels, watchTunnels } from './watchTunnels.js';

test('however many look, WireGuard is asked once each time, and not where nobody wants to know', async () => {
  const clock = createHandClock();
  const stop = new AbortController();
  const asked: number[] = [];
  const looked: string[] = [];
  const look = (name: string): LookAtTunnels => async (_plan, ask) => {
    if (clock.now() > 4000) return;
    await ask();
    looked.push(`${name} ${clock.now()}`);
  };
  const tunnels = async (): Promise<HostState['wireguard']> => {
    asked.push(clock.now());
    return new Map();
  };
  void watchTunnels({ clock, host: { tunnels }, plan: () => emptyPlan('a') }, [look('a'), look('b')], stop.signal);
  await clock.advance(7000);
  stop.abort();
  expect(asked).toEqual([2000, 4000]);
  expect(looked).toEqual(['a 2000', 'b 2000', 'a 4000', 'b 4000']);
});
