import { expect, test } from '@jest/globals';
import type { HostTexts } from '../../core/kilo/recognise.js';
import { isTraceless } from '../../core/kilo/traces.js';
import { createHandClock } from '../../test/host/handClock.js';
import { createKiloWatch } from './kiloWatch.js';

const EMPTY: HostTexts = { addresses: '', routes: '', rules: { inet: '', inet6: '' }, saved: {} };
const LEFT: HostTexts = { ...EMPTY, saved: { 'iptables-legacy': '*nat\n:KILO-NAT - [0:0]\nCOMMIT\n' } };

function setting(texts: HostTexts): {
  readonly look: () => Promise<string>;
  reads: number;
  running: string | undefined;
  readonly clock: ReturnType<typeof createHandClock>;
} {
  const clock = createHandClock();
  const watch = createKiloWatch(
    {
      runs: () => Promise.resolve(self.running),
      read() {
        self.reads += 1;
        return Promise.resolve(texts);
      },
      remove: () => Promise.resolve([]),
    },
    clock,
    5000,
  );
  const self = {
    clock,
    reads: 0,
    running: undefined as string | undefined,
    async look(): Promise<string> {
      const { running, traces } = (await watch.look()).recognise();
      return `${running === undefined ? 'ended' : 'runs'}, ${isTraceless(traces) ? 'nothing' : 'something'}`;
    },
  };
  return self;
}

test('where nothing of Kilo is, the host is read once, and again only when its agent shows', async () => {
  const one = setting(EMPTY);
  expect([await one.look(), await one.look(), one.reads]).toEqual(['ended, nothing', 'ended, nothing', 1]);
  one.running = 'process 7';
  expect([await one.look(), one.reads]).toEqual(['runs, nothing', 2]);
});

test('an agent that was away for a moment counts as running', async () => {
  const one = setting(LEFT);
  one.running = 'process 7';
  expect(await one.look()).toBe('runs, something');
  one.running = undefined;
  expect(await one.look()).toBe('runs, something');
  await one.clock.advance(4999);
  expect(await one.look()).toBe('runs, something');
  one.running = 'process 8';
  expect(await one.look()).toBe('runs, something');
  one.running = undefined;
  await one.clock.advance(3000);
  expect(await one.look()).toBe('runs, something');
  await one.clock.advance(5000);
  expect(await one.look()).toBe('ended, something');
});
