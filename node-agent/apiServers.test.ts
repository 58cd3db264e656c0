import { expect, test } from '@jest/globals';
import type { KubeClient } from '../kube/wire/client.js';
import { createHandClock, type HandClock } from '../test/host/handClock.js';
import { createApiServers } from './apiServers.js';

const HOUR = 3_600_000;
const SLICE = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: 'kubernetes', namespace: 'default' } };

interface World {
  readonly server: string;
  /** What its name stands for. */
  names: readonly string[];
  /** Behind the Service `kubernetes`; undefined: we may not read it. */
  ends: readonly string[] | undefined;
}

interface Past {
  readonly saved: readonly string[];
  readonly steps: readonly Partial<World>[];
}

/** What is known at the start, after `steps` of changes to the world, each followed by an hour less a minute. */
async function known({ saved = [], steps = [], ...given }: World & Partial<Past>): Promise<readonly string[][]> {
  const world: World = given;
  const clock: HandClock = createHandClock();
  const client = {
    server: world.server,
    call: () =>
      Promise.resolve(
        world.ends === undefined
          ? { ok: false, error: { kind: 'forbidden', message: '' } }
          : { ok: true, value: { ...SLICE, endpoints: [{ addresses: world.ends }] } },
      ),
  } as unknown as KubeClient;
  let changes = 0;
  const one = createApiServers({ client, clock, lookup: () => Promise.resolve(world.names), onChange: () => (changes += 1) }, saved);
  const seen = [[...one.addresses()]];
  const stop = new AbortController();
  const running = one.run(stop.signal);
  for (const step of [{}, ...steps]) {
    Object.assign(world, step);
    await clock.advance(0);
    for (let minute = 1; minute < 60; minute += 1) await clock.advance(HOUR / 60);
    seen.push([...one.addresses()]);
  }
  stop.abort();
  await clock.advance(0);
  await running;
  expect(changes > 0).toBe(seen.some((each) => each.join() !== seen[0]?.join()));
  return seen;
}

test.each<[string, World & Partial<Past>, readonly (readonly string[])[]]>([
  ['an address is known at once', { server: 'https://10.0.0.1:6443', names: [], ends: undefined }, [['10.0.0.1'], ['10.0.0.1']]],
  ['of the other family, too', { server: 'https://[fd00::1]:6443', names: [], ends: undefined }, [['fd00::1'], ['fd00::1']]],
  [
    'a ClusterIP, and what is behind it',
    { server: 'https://10.96.0.1:443', names: [], ends: ['192.0.2.9', '192.0.2.8'] },
    [['10.96.0.1'], ['10.96.0.1', '192.0.2.8', '192.0.2.9']],
  ],
  ['a name', { server: 'https://api.example:6443', names: ['192.0.2.1', '192.0.2.2'], ends: undefined }, [[], ['192.0.2.1', '192.0.2.2']]],
  [
    'what is no longer told is held for an hour',
    { server: 'https://10.96.0.1:443', names: [], ends: ['192.0.2.9'], steps: [{ ends: ['192.0.2.8'] }, {}] },
    [['10.96.0.1'], ['10.96.0.1', '192.0.2.9'], ['10.96.0.1', '192.0.2.8', '192.0.2.9'], ['10.96.0.1', '192.0.2.8']],
  ],
  [
    'what an earlier process knew, while nobody answers',
    { server: 'https://10.96.0.1:443', names: [], ends: undefined, saved: ['192.0.2.9'] },
    [
      ['10.96.0.1', '192.0.2.9'],
      ['10.96.0.1', '192.0.2.9'],
    ],
  ],
])('%s', async (_what, world, expected) => {
  expect(await known(world)).toEqual(expected);
});
