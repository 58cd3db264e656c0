import { expect, test } from '@jest/globals';
import { createHubWatch } from './hubWatch.js';

function lease(version: string, holderIdentity = 'default/hub-0', leaseDurationSeconds = 10): object {
  return {
    metadata: { resourceVersion: version, annotations: { 'kilofed.io/federation': 'default' } },
    // Clocks of machines differ: whatever these say.
    spec: { holderIdentity, leaseDurationSeconds, renewTime: '1999-01-01T00:00:00.000000Z' },
  };
}

function watch() {
  const time = { now: 1_000 };
  const hub = createHubWatch({ now: () => time.now });
  hub.hears(true);
  return {
    hub,
    at(now: number) {
      time.now = now;
      const state = hub.state();
      return state.kind === 'present' ? state.forMs : state.kind;
    },
  };
}

test('where there is no Lease, or none that can be read, no hub is missed', () => {
  const { hub, at } = watch();
  expect(at(100_000)).toBe('absent');
  hub.saw(undefined);
  hub.saw({ metadata: 5 });
  expect(at(200_000)).toBe('absent');
});

test('a hub is away when its Lease has not changed for as long as it says, by our clock', () => {
  const { hub, at } = watch();
  hub.saw(lease('1'));
  expect(at(1_000)).toBe(10_000);
  expect(at(9_000)).toBe(2_000);
  hub.saw(lease('1'));
  expect(at(10_000)).toBe(1_000);
  hub.saw(lease('2'));
  expect(at(19_999)).toBe(1);
  expect(at(20_000)).toBe('away');
  hub.saw(lease('3'));
  expect(at(20_000)).toBe(10_000);
});

test('a Lease that says years is not believed, and one that was released ends soon', () => {
  const { hub, at } = watch();
  hub.saw(lease('1', 'default/hub-0', 100_000_000));
  expect(at(1_000)).toBe(60_000);
  hub.saw(lease('2', ''));
  expect(at(1_000)).toBe(2_000);
  expect(at(3_000)).toBe('away');
});

test('while the Lease is not heard of, nothing is known; then it is waited for anew', () => {
  const { hub, at } = watch();
  hub.saw(lease('1'));
  hub.hears(false);
  expect(at(60_000)).toBe('absent');
  hub.hears(true);
  expect(at(60_000)).toBe(10_000);
  hub.hears(true);
  expect(at(70_000)).toBe('away');
});
