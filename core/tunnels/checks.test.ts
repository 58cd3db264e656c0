import { expect, test } from '@jest/globals';
import type { PathState } from '../failover/probedPath.js';
import { countersWith, observationOf, peerOf, planWith, statusOf } from '../../test/fakes/tunnels.js';
import { NEVER, runChecks, type TunnelObservation } from './check.js';
import { TUNNEL_CHECKS } from './checks.js';
import type { TunnelRepair } from './repair.js';

const CONFIGURED = '192.0.2.1:51820';

/** One tunnel to a gateway, in this second. `endpoint`: of WireGuard. */
function at(second: number, { state = 'down', alternate = 'down', endpoint = CONFIGURED }: Situation): Required<TunnelObservation> {
  const plan = planWith(peerOf('gateway', 'west', { endpoint: CONFIGURED }));
  return {
    ...observationOf({ plan, now: second * 1000, at: 1_000_000 + second }),
    paths: [statusOf('tunnel', 'west', state, second * 1000), statusOf('alternate', 'west', alternate, second * 1000)],
    counters: countersWith({ 'key of west': { endpoint, receivedBytes: 500, lastHandshake: 999_900 } }),
  };
}

interface Situation {
  readonly state?: PathState;
  readonly alternate?: PathState;
  readonly endpoint?: string;
}

/** Rounds two seconds apart, as the monitor has them: without counters, and with them where one wants them. */
function rounds(count: number, situation: Situation): { readonly asked: number; readonly repairs: readonly TunnelRepair['kind'][] } {
  let running = TUNNEL_CHECKS;
  let asked = 0;
  const repairs: TunnelRepair['kind'][] = [];
  const run = (observation: TunnelObservation): number => {
    const result = runChecks(running, observation);
    running = result.state;
    repairs.push(...result.repairs.map(({ kind }) => kind));
    return result.next;
  };
  for (let second = 0; second < count * 2; second += 2) {
    const { counters, ...known } = at(second, situation);
    if (run(known) > known.now) continue;
    asked += 1;
    run({ ...known, counters });
  }
  return { asked, repairs };
}

test('a tunnel that works costs one look at WireGuard, and is left alone', () => {
  expect(rounds(300, { state: 'up', alternate: 'up' })).toEqual({ asked: 1, repairs: [] });
});

test.each<[string, number, Situation, readonly TunnelRepair['kind'][]]>([
  ['stalled', 8, { alternate: 'up' }, ['recreatePeer', 'recreateInterface']],
  ['dead at an endpoint that is not configured', 7, { endpoint: '198.51.100.7:4242' }, ['resetEndpoint']],
  ['dead without a handshake', 60, {}, []],
])('a tunnel that is %s is repaired in one of the two calls of a round', (_what, count, situation, expected) => {
  expect(rounds(count, situation).repairs).toEqual(expected);
});

test('where nothing is planned nothing is asked', () => {
  expect(runChecks(TUNNEL_CHECKS, observationOf({}))).toMatchObject({ repairs: [], next: NEVER });
});
