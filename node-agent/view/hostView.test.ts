import { describe, expect, test } from '@jest/globals';
import { emptyPlan } from '../../core/host/emptyPlan.js';
import type { HostModel } from '../../core/host/hostModel.js';
import { NO_TRACES } from '../../core/kilo/traces.js';
import { createFakeHost } from '../../test/host/fakeHost.js';
import { createHandClock, type HandClock } from '../../test/host/handClock.js';
import { createHostView, type HostView } from './hostView.js';

interface Setting {
  readonly clock: HandClock;
  readonly view: HostView;
  reads: number;
  readonly applied: HostModel[];
  /** What happens while the host is being read. */
  during: () => void;
  refuses: boolean;
}

function setting(): Setting {
  const clock = createHandClock();
  const host = createFakeHost();
  const self: Setting = {
    clock,
    reads: 0,
    applied: [],
    during: () => undefined,
    refuses: false,
    view: createHostView({
      clock,
      kilo: { look: () => Promise.resolve({ recognise: () => ({ traces: NO_TRACES }) }) },
      host: {
        observe() {
          self.reads += 1;
          self.during();
          return Promise.resolve({ state: host.state(), addresses: [] });
        },
        apply(model, changes) {
          if (self.refuses) return Promise.reject(new Error('refused'));
          self.applied.push(model);
          return Promise.resolve({ done: changes, failures: [] });
        },
      },
    }),
  };
  return self;
}

describe('the host is read', () => {
  test.each<[string, (one: Setting) => Promise<void> | void, readonly string[], number]>([
    ['once', () => undefined, ['10.0.0.2'], 1],
    ['again after something said that the memory may be wrong', ({ view }) => view.invalidate(), ['10.0.0.2'], 2],
    ['again after something said that it is', ({ view }) => view.forget(), ['10.0.0.2'], 2],
    ['again when the node has other addresses', () => undefined, ['10.0.0.3'], 2],
    ['again after half a minute', ({ clock }) => clock.advance(30_000), ['10.0.0.2'], 2],
    ['not before', ({ clock }) => clock.advance(29_999), ['10.0.0.2'], 1],
  ])('%s', async (_when, act, addresses, reads) => {
    const one = setting();
    const first = await one.view.observe(['10.0.0.2']);
    await act(one);
    const second = await one.view.observe(addresses);
    expect([one.reads, second === first]).toEqual([reads, reads === 1]);
  });

  test('again, and once, where the memory was called wrong while it was being read', async () => {
    const one = setting();
    one.during = () => {
      one.during = () => undefined;
      one.view.invalidate();
    };
    for (let time = 0; time < 3; time += 1) await one.view.observe([]);
    expect(one.reads).toBe(2);
  });
});

describe('between passes', () => {
  const PLAN = emptyPlan('a');

  test('there is something to act on once the host was read and planned for, until it is forgotten', async () => {
    const { view } = setting();
    const seen = [view.current()];
    const { model } = await view.observe([]);
    seen.push(view.current());
    view.setPlan(PLAN);
    view.invalidate();
    seen.push(view.current());
    view.forget();
    seen.push(view.current());
    expect(seen).toEqual([undefined, undefined, { model, plan: PLAN }, undefined]);
    expect(view.plan()).toBe(PLAN);
  });

  test('changes are made to what was read, and the next pass reads it again', async () => {
    const one = setting();
    const { model } = await one.view.observe([]);
    await one.view.change([{ kind: 'link.delete', name: 'kilo0' }], new AbortController().signal);
    expect(one.applied).toEqual([model]);
    await one.view.observe([]);
    expect(one.reads).toBe(2);
  });

  test('also where they fail', async () => {
    const one = setting();
    await one.view.observe([]);
    one.refuses = true;
    await expect(one.view.change([{ kind: 'link.delete', name: 'kilo0' }], new AbortController().signal)).rejects.toThrow('refused');
    await one.view.observe([]);
    expect(one.reads).toBe(2);
  });

  test('no changes are made before the host was read', async () => {
    const one = setting();
    await one.view.change([{ kind: 'link.delete', name: 'kilo0' }], new AbortController().signal);
    expect(one.applied).toEqual([]);
  });
});
