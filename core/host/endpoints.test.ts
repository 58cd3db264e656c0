import { describe, expect, test } from '@jest/globals';
import { gatewayPlan, remoteKey } from '../../test/host/plans.js';
import { endpointKey, endpointMustBeWritten, rememberEndpoints } from './endpoints.js';
import type { PeerState } from './state.js';

const NOW = 1_000_000;
const WANTED = '192.0.2.1:51820';
const OTHER = '198.51.100.7:4242';

describe('endpointMustBeWritten', () => {
  const peer = ([endpoint, handshake]: readonly [string | undefined, number]): PeerState => ({
    ...(endpoint === undefined ? {} : { endpoint }),
    persistentKeepalive: 0,
    allowedIPs: [],
    lastHandshake: handshake,
    receivedBytes: 0,
    sentBytes: 0,
  });
  test.each<[string, readonly [string | undefined, number], string | undefined, boolean]>([
    // what, observed endpoint and handshake, remembered, must be written
    ['no endpoint yet', [undefined, 0], undefined, true],
    ['lost its endpoint', [undefined, NOW - 10], WANTED, true],
    ['as wanted', [WANTED, 0], undefined, false],
    ['as wanted, though something else was wanted before', [WANTED, 0], OTHER, false],
    ['roamed since we wrote', [OTHER, NOW - 10], WANTED, false],
    ['roamed since we wrote, and is alive', [OTHER, NOW - 179], WANTED, false],
    ['roamed since we wrote, and is dead', [OTHER, NOW - 180], WANTED, true],
    ['roamed since we wrote, with no session yet', [OTHER, 0], WANTED, false],
    ['what we wrote is dead, too', [WANTED, NOW - 9999], WANTED, false],
    ['wanted has changed', [OTHER, NOW - 10], '192.0.2.9:1', true],
    ['adopted, alive: has roamed', [OTHER, NOW - 179], undefined, false],
    ['adopted, dead', [OTHER, NOW - 180], undefined, true],
    ['adopted, never alive', [OTHER, 0], undefined, true],
  ])('%s', (_what, observed, prior, expected) => {
    expect(endpointMustBeWritten(WANTED, peer(observed), prior, NOW)).toBe(expected);
  });
});

describe('rememberEndpoints', () => {
  const plan = gatewayPlan({ planes: 1, remotes: [{ name: 'east', prefixes: [], endpoint: WANTED }] });
  const key = endpointKey('kilo0', remoteKey('east', 0));

  test('remembers what was wanted, and forgets peers that are gone', () => {
    expect([...rememberEndpoints(plan, new Map([['kilo0 gone', OTHER]]), [])]).toEqual([[key, WANTED]]);
  });

  test('a write that failed was not made', () => {
    const failed = [{ kind: 'peer.set', interface: 'kilo0', publicKey: remoteKey('east', 0), endpoint: WANTED }] as const;
    expect([...rememberEndpoints(plan, new Map([[key, OTHER]]), failed)]).toEqual([[key, OTHER]]);
    expect([...rememberEndpoints(plan, new Map(), failed)]).toEqual([]);
  });

  test('a name that cannot be resolved for a while keeps what was written', () => {
    const unresolved = gatewayPlan({ planes: 1, remotes: [{ name: 'east', prefixes: [] }] });
    expect([...rememberEndpoints(unresolved, new Map([[key, WANTED]]), [])]).toEqual([[key, WANTED]]);
  });
});
