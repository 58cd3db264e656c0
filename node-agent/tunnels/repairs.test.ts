import { expect, test } from '@jest/globals';
import { createHostModel } from '../../core/host/hostModel.js';
import { changeText } from '../../core/host/render.js';
import type { HostState } from '../../core/host/state.js';
import type { TunnelRepair } from '../../core/tunnels/repair.js';
import { peerOf, planWith } from '../../test/fakes/tunnels.js';
import { createFakeHost } from '../../test/host/fakeHost.js';
import { SILENT } from '../../test/host/handClock.js';
import { createTunnelRepairs } from './repairs.js';

const KEY = 'key of far';
const RESET: TunnelRepair = { kind: 'resetEndpoint', plane: 0, publicKey: KEY };

interface Given {
  /** Absent: nothing is planned yet. */
  readonly host?: HostState;
  readonly fails?: boolean;
}

/** What a repair comes to, in order. */
async function carriedOut(repair: TunnelRepair, { host, fails = false }: Given): Promise<readonly string[]> {
  const done: string[] = [];
  const carryOut = createTunnelRepairs({
    log: { ...SILENT, warn: (message) => void done.push(`log ${message}`) },
    metrics: { repaired: (kind) => void done.push(`count ${kind}`) },
    view: {
      current: () => host && { plan: planWith(peerOf('gateway', 'far', { endpoint: '192.168.1.5:51820' })), model: createHostModel(host) },
      async change(changes) {
        if (fails) throw new Error('the host is gone');
        done.push(...changes.map(changeText));
      },
    },
    reconcile: () => void done.push('reconcile'),
    resolveNames: () => void done.push('resolve'),
    reportUnreachable: (segments) => void done.push(`unreachable ${segments.join()}`),
  });
  await carryOut(repair, new AbortController().signal).catch(() => done.push('failed'));
  return done;
}

const LOGGED = 'log A tunnel fails at the endpoint where its far end was last: the configured endpoint is tried again';

test.each<[string, TunnelRepair, Given, readonly string[]]>([
  [
    'of the host: changed, counted, and looked at again',
    RESET,
    { host: createFakeHost().state() },
    [LOGGED, 'count resetEndpoint', `wg set kilo0 peer ${KEY} endpoint 192.168.1.5:51820`, 'reconcile'],
  ],
  [
    'of the host, which fails',
    RESET,
    { host: createFakeHost().state(), fails: true },
    [LOGGED, 'count resetEndpoint', 'reconcile', 'failed'],
  ],
  ['of the host, before anything is planned', RESET, {}, []],
  ['of a peer that is gone', { ...RESET, publicKey: 'OTHER' }, { host: createFakeHost().state() }, []],
  ['by DNS', { kind: 'resolveNames' }, {}, ['resolve']],
  ['by failover', { kind: 'reportUnreachable', segments: ['peer:a', 'peer:b'] }, {}, ['unreachable peer:a,peer:b']],
  ['by publishing', { kind: 'publishEndpoints' }, {}, ['reconcile']],
])('a repair %s', async (_what, repair, given, expected) => {
  expect(await carriedOut(repair, given)).toEqual(expected);
});
