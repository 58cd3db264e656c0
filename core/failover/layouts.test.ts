/**
 * Every fault of docs/failover.md in every layout: whoever has a way left is reached again within two seconds, or the page says why not.
 */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from '@jest/globals';
import { simulate } from '../../test/fakes/failover/federation.js';
import { FAILING_SITE, type Layout, layoutName, type LayoutNode } from '../../test/fakes/failover/layout.js';
import type { Breakage } from '../../test/fakes/failover/packets.js';

const SHAPES: readonly Pick<Layout, 'nodes' | 'gateways' | 'planes'>[] = ([1, 2, 3, 5] as const).flatMap((nodes) =>
  (
    [
      { gateways: 1, planes: 1 },
      { gateways: 1, planes: 2 },
      { gateways: 2, planes: 2 },
      { gateways: 3, planes: 3 },
    ] as const
  )
    .filter(({ gateways }) => gateways <= nodes)
    .map((shape) => ({ nodes, ...shape })),
);
const LAYOUTS: readonly Layout[] = [
  ...SHAPES.flatMap((shape) => (['one', 'several', 'mixed'] as const).map((remote): Layout => ({ ...shape, remote }))),
  { nodes: 2, gateways: 2, planes: 2, remote: 'full' },
  { nodes: 3, gateways: 1, planes: 1, remote: 'full' },
];

/** What breaks when it happens to the gateway `v`. */
const FAULTS: Readonly<Record<string, (v: string, slotOf: (node: string) => number | undefined) => Breakage>> = {
  'dies without a word': (v) => ({ lan: of(v), wan: of(v), agent: (at) => at === v }),
  'goes on without its agent': (v) => ({ agent: (at) => at === v }),
  'forwards nothing': (v) => ({ transit: (at) => at === v }),
  'forwards nothing that leaves': (v) => ({ transit: (at, by) => at === v && by === 'lan' }),
  'forwards nothing that enters': (v) => ({ transit: (at, by) => at === v && by === 'tunnel' }),
  'is cut off from its LAN': (v) => ({ lan: of(v) }),
  'hears nothing of its LAN': (v) => ({ lan: (_from, to) => to === v }),
  'sends nothing to its LAN': (v) => ({ lan: (from) => from === v }),
  'is cut off from the WAN': (v) => ({ wan: of(v) }),
  'hears nothing of the WAN': (v) => ({ wan: (_from, to) => to === v }),
  'sends nothing to the WAN': (v) => ({ wan: (from) => from === v }),
  'has a dead tunnel to every first gateway': (v, slotOf) => ({
    wan: (from, to) => (from === v && slotOf(to) === 0) || (to === v && slotOf(from) === 0),
  }),
};

function of(victim: string): (from: string, to: string) => boolean {
  return (from, to) => from === victim || to === victim;
}

/** What the page has to say where somebody is lost for good, or for longer. */
const DOCUMENTED = {
  only: 'A gateway that is the only one of its segment.',
  halves: 'A location of two nodes, both gateways, whose LAN is cut between them.',
} as const;

function documented({ nodes, gateways, remote }: Layout, fault: string): keyof typeof DOCUMENTED | undefined {
  if (gateways === 1 || remote === 'full') return 'only';
  return nodes === 2 && fault === 'is cut off from its LAN' ? 'halves' : undefined;
}

const WARM_MS = 2000;
const FOUND_MS = 2000;
const WATCHED_MS = 2500;
const met = new Set<string>();

describe.each(LAYOUTS.map((layout): [string, Layout] => [layoutName(layout), layout]))('%s', (_name, layout) => {
  // The second stands by, but where each of two sends by itself.
  const slots = layout.nodes === 2 && layout.gateways === 2 && layout.remote !== 'full' ? [0, 1] : [0];
  test.each(Object.keys(FAULTS).flatMap((fault) => slots.map((slot) => ({ fault, slot }))))(
    'the gateway in slot $slot $fault',
    ({ fault, slot }) => {
      const federation = simulate(layout);
      const { nodes, packets } = federation;
      const victim = gatewayIn(slot, nodes);
      const pairs = pairsOf(nodes);
      federation.run(WARM_MS);
      expect(pairs.filter(({ from, to }) => packets.travel(from, to) === undefined)).toEqual([]);
      expect(federation.switches).toEqual([]);

      const others = pairs.filter(({ from, to }) => from !== victim && to !== victim);
      const spared = others.filter(({ from, to }) => !packets.passes(from, to).includes(victim));
      federation.break(FAULTS[fault]?.(victim, (name) => nodes.find((node) => node.name === name)?.object.status?.slot) ?? {});
      const began = federation.now();
      /** By pair, milliseconds after the fault. */
      const lastLost = new Map<string, number>();
      federation.run(WATCHED_MS, () => {
        for (const { from, to, name } of others) if (packets.travel(from, to) === undefined) lastLost.set(name, federation.now() - began);
      });
      federation.stop();
      // Whoever did not go by it notices nothing. Of two, each may be the one whose LAN is broken.
      const isUndecided = layout.nodes === 2 && fault.endsWith('LAN');
      expect(
        isUndecided ? [] : spared.filter(({ name }) => lastLost.has(name)).map(({ name }) => `${name} until ${lastLost.get(name)} ms`),
      ).toEqual([]);
      const late = [...lastLost].filter(([, ms]) => ms > FOUND_MS).map(([name]) => name);
      const reason = documented(layout, fault);
      if (late.length > 0 && reason !== undefined) met.add(reason);
      expect(reason === undefined ? late : []).toEqual([]);
      // What the page says of a gateway that is alone holds where nobody could do better.
      const couldBe = others.filter(({ from, to, name }) => late.includes(name) && packets.hasWay(from, to));
      expect(reason === 'only' ? couldBe : []).toEqual([]);
    },
  );

  test.each(slots)('the gateway in slot %d drains: nobody loses anything, and whoever can goes another way', (slot) => {
    const federation = simulate(layout);
    const { nodes, packets } = federation;
    const victim = gatewayIn(slot, nodes);
    const pairs = pairsOf(nodes);
    federation.run(WARM_MS);
    federation.prober(victim).setDraining(true);
    const lost = new Set<string>();
    federation.run(FOUND_MS, () => {
      for (const { from, to, name } of pairs) if (packets.travel(from, to) === undefined) lost.add(name);
    });
    federation.stop();
    expect([...lost]).toEqual([]);
    federation.break({ transit: (at) => at === victim });
    expect(pairs.filter(({ from, to }) => packets.travel(from, to) === undefined && packets.hasWay(from, to))).toEqual([]);
  });
});

function gatewayIn(slot: number, nodes: readonly LayoutNode[]): string {
  const found = nodes.find(({ site, object }) => site.startsWith(FAILING_SITE) && object.status?.slot === slot);
  if (found === undefined) throw new Error(`nobody has slot ${slot}`);
  return found.name;
}

function pairsOf(nodes: readonly LayoutNode[]): readonly { readonly from: string; readonly to: string; readonly name: string }[] {
  return nodes.flatMap(({ name: from, site }) =>
    nodes.filter((other) => other.site !== site).map(({ name: to }) => ({ from, to, name: `${from} > ${to}` })),
  );
}

afterAll(() => {
  expect(met).toEqual(new Set(Object.keys(DOCUMENTED)));
});

test.each(Object.values(DOCUMENTED))('the page says: %s', (sentence) => {
  const page = readFileSync('docs/failover.md', 'utf8').replaceAll(/\s+/g, ' ');
  expect(page).toContain(`**${sentence}**`);
});
