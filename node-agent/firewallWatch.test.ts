import { describe, expect, test } from '@jest/globals';
import type { PathStatus } from '../core/failover/effects.js';
import { createHostModel } from '../core/host/hostModel.js';
import type { MeshNodeSpec } from '../core/api/meshNode.js';
import { INPUTS, meshNode } from '../test/host/agentSetting.js';
import { createFakeHost } from '../test/host/fakeHost.js';
import { createHandClock, settle, SILENT } from '../test/host/handClock.js';
import { planWith } from '../test/fakes/tunnels.js';
import { createFirewallWatch } from './firewallWatch.js';

const DROPPING = 'table inet fw {\n\tchain input {\n\t\ttype filter hook input priority filter; policy drop;\n\t}\n}\n';
const OPEN = DROPPING.replace('policy drop', 'policy accept');

interface Given {
  readonly paths?: readonly PathStatus[];
  readonly spec?: Partial<MeshNodeSpec>;
  /** What nft lists at each look; the last one from then on. */
  readonly tables?: readonly (readonly string[] | Error)[];
}

/** How many seconds after the start it looked, and what it said at each change. */
async function watched(seconds: number, { paths = [], spec = {}, tables = [[DROPPING]] }: Given): Promise<unknown> {
  const clock = createHandClock();
  const looks: number[] = [];
  const told: string[] = [];
  const { spec: usual, ...node } = meshNode('a', 'one', 0);
  const watch = createFirewallWatch({
    clock,
    log: { ...SILENT, warn: (message) => void told.push(message) },
    host: {
      othersTables() {
        const tableTexts = tables[Math.min(looks.length, tables.length - 1)] ?? [];
        looks.push(clock.now() / 1000);
        return tableTexts instanceof Error ? Promise.reject(tableTexts) : Promise.resolve(tableTexts);
      },
    },
    nodeName: 'a',
    knock: () => Promise.resolve(false),
    view: {
      current: () => ({ plan: { ...planWith(), meshAddresses: ['10.4.0.1'] }, model: createHostModel(createFakeHost().state()) }),
    },
    cluster: { inputs: () => ({ ...INPUTS, meshNodes: [{ ...node, spec: { ...usual, podCIDRs: [], ...spec } }] }) },
    prober: { status: () => paths },
    onChange: () =>
      void told.push(
        watch
          .problems()
          .map(({ reason, message }) => `${reason} ${/UDP \d+/.exec(message)?.[0]}`)
          .join(),
      ),
  });
  const stop = new AbortController();
  const ended = watch.run(stop.signal);
  for (let second = 0; second < seconds; second += 5) {
    await clock.advance(5000);
    for (let turn = 0; turn < 10; turn += 1) await settle();
  }
  stop.abort();
  await ended;
  return { looks, told };
}

const path = (kind: 'tunnel' | 'lan', state: PathStatus['state'], forMs: number): PathStatus => ({
  path:
    kind === 'lan'
      ? { kind, node: 'b', name: 'lan/b', slot: 0, from: 51810, targets: [] }
      : { kind, segment: 'two', name: 'tunnel/0/two', slot: 0, from: 51811, targets: [] },
  state,
  inUse: true,
  forMs,
  loss: 0,
});
const BOTH = 'FirewallDrops UDP 51820,FirewallDrops UDP 51810';
const DOWN = path('tunnel', 'down', 20_000);

describe('a firewall of the host is looked at', () => {
  test('once a minute while tunnels fail, and told of once', async () => {
    expect(await watched(150, { paths: [DOWN] })).toEqual({ looks: [5, 65, 125], told: [BOTH] });
  });

  test('until it is open', async () => {
    expect(await watched(70, { paths: [DOWN], tables: [[DROPPING], [OPEN]] })).toEqual({
      looks: [5, 65],
      told: [BOTH, ''],
    });
  });

  test('every ten minutes while all is well, or has failed for moments only', async () => {
    const calm = { looks: [30], told: [] };
    expect(await watched(60, { paths: [path('tunnel', 'up', 20_000)] })).toEqual(calm);
    expect(await watched(60, { paths: [path('tunnel', 'down', 9000)] })).toEqual(calm);
    expect(await watched(60, {})).toEqual(calm);
  });

  test('and is suspected only, where other tunnels work', async () => {
    const paths = [DOWN, path('tunnel', 'up', 20_000)];
    expect(await watched(10, { paths })).toEqual({ looks: [5], told: [BOTH.replaceAll('Drops', 'Suspected')] });
  });

  test.each([
    ['which nobody dials', { endpoints: [] }],
    ['which keeps its NAT open', { persistentKeepalive: 10 }],
  ])('for probes only at a node %s', async (_what, spec) => {
    expect(await watched(10, { paths: [DOWN], spec })).toEqual({ looks: [5], told: ['FirewallDrops UDP 51810'] });
  });

  test('within the location', async () => {
    expect(await watched(10, { paths: [path('lan', 'down', 20_000)] })).toEqual({ looks: [5], told: ['FirewallDrops UDP 51810'] });
  });

  test('and one that cannot be read is no firewall', async () => {
    expect(await watched(70, { paths: [DOWN], tables: [new Error('no nft'), ['nonsense']] })).toEqual({
      looks: [5, 65],
      told: ['The firewall of this host cannot be read'],
    });
  });
});
