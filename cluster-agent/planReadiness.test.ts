/**
 * The cluster-agent comes to what the hub would write.
 */
import { describe, expect, test } from '@jest/globals';
import { exporter, importInput, mirrorOf, service } from '../test/fakes/services.js';
import type { KubeObject } from '../core/api/resources.js';
import type { ExportRequest } from '../core/services/annotations.js';
import type { Exporter } from '../core/services/importParts.js';
import { planImport } from '../core/services/planImport.js';
import type { Reach } from './memberReach.js';
import { planReadiness } from './planReadiness.js';

const REACHED: Reach = new Map([
  ['east', [{ allowedIPs: ['10.42.0.0/16'], reached: true }]],
  ['north', [{ allowedIPs: ['10.44.0.0/16'], reached: true }]],
]);
const EAST_CUT: Reach = new Map([...REACHED, ['east', [{ allowedIPs: ['10.42.0.0/16'], reached: false }]]]);

const asking = (more: Partial<ExportRequest>): { readonly export: ExportRequest } => ({
  export: { exported: true, complaints: [], ...more },
});

/** All that the hub makes of these in west, which has a Service of its own. */
function hubs(exporters: readonly Exporter[]): { readonly slices: readonly KubeObject[]; readonly imports: readonly KubeObject[] } {
  const plan = mirrorOf(planImport(importInput({ exporters, target: { sameNamed: 'foreign' } })));
  const named = (object: KubeObject): KubeObject => ({ ...object, metadata: { ...object.metadata, resourceVersion: 'v' } });
  return { slices: [...plan.slices, ...(plan.beside ?? [])].map(named), imports: [plan.import] };
}

/** What the cluster-agent leaves of it, as `name address ready`. */
function told(slices: readonly KubeObject[], written: readonly KubeObject[] = []): string[] {
  const after = new Map([...slices, ...written].map((slice) => [slice.metadata.name, slice]));
  return [...after.values()]
    .flatMap((slice) =>
      (slice as unknown as { endpoints: { addresses: string[]; conditions: { ready?: boolean; serving?: boolean } }[] }).endpoints.map(
        ({ addresses, conditions: { ready, serving } }) =>
          `${slice.metadata.labels?.['kubernetes.io/service-name']} ${addresses[0]} ` +
          (ready !== false ? 'serves' : serving === true ? 'stands by' : 'held'),
      ),
    )
    .toSorted();
}

const OTHERS = ['10.42.1.5', '10.42.1.6'];
const east = (more: Partial<ExportRequest> = {}): Exporter => exporter('east', OTHERS, asking(more));
const cutEast = (more: Partial<ExportRequest> = {}): Exporter => ({
  ...east(more),
  segments: [{ allowedIPs: ['10.42.0.0/16'], reached: false }],
});
const north = exporter('north', ['10.44.1.5']);
const west = (more: Partial<ExportRequest>, addresses = ['10.43.1.5']): Exporter => exporter('west', addresses, asking(more));

describe.each<[string, (east: Exporter, addresses?: string[]) => Exporter[]]>([
  ['nothing is chosen', (first) => [first, north]],
  ['a preference', (first) => [{ ...first, service: service('east', asking({ prefer: ['east', 'north'] })) }, north]],
  ['weights', (first) => [{ ...first, service: service('east', asking({ weights: { east: 1, north: 1 } })) }, north]],
  ['affinity local', (first, addresses) => [first, north, west({ affinity: 'local' }, addresses)]],
  ['affinity none', (first, addresses) => [first, north, west({ affinity: 'none', prefer: ['north'] }, addresses)]],
  ['affinity remote', (first, addresses) => [first, west({ affinity: 'remote' }, addresses)]],
])('%s', (_what, exportersOf) => {
  const one = (): { readonly IPv4: number } => ({ IPv4: 1 });

  test('what the hub wrote stays as it is', () => {
    expect(planReadiness({ ...hubs(exportersOf(east())), reach: REACHED, localReady: one })).toEqual([]);
    expect(planReadiness({ ...hubs(exportersOf(cutEast())), reach: EAST_CUT, localReady: one })).toEqual([]);
  });

  test('a member is cut off and is back: as the hub would have it', () => {
    const [before, cut] = [hubs(exportersOf(east())), hubs(exportersOf(cutEast()))];
    expect(told(before.slices, planReadiness({ ...before, reach: EAST_CUT, localReady: one }))).toEqual(told(cut.slices));
    expect(told(cut.slices, planReadiness({ ...cut, reach: REACHED, localReady: one }))).toEqual(told(before.slices));
  });

  test("the last of the cluster's own endpoints goes, and one is back: as the hub would have it behind the own name", () => {
    const [before, gone] = [hubs(exportersOf(east())), hubs(exportersOf(east(), []))];
    const behindOwn = (all: readonly string[]): string[] => all.filter((each) => each.startsWith('web '));
    expect(behindOwn(told(before.slices, planReadiness({ ...before, reach: REACHED, localReady: () => ({ IPv4: 0 }) })))).toEqual(
      behindOwn(told(gone.slices)),
    );
    expect(behindOwn(told(gone.slices, planReadiness({ ...gone, reach: REACHED, localReady: one })))).toEqual(
      behindOwn(told(before.slices)),
    );
  });
});

test('affinity local: while it is not known what is ready here, nothing beside the own Service changes', () => {
  const before = hubs([east(), west({ affinity: 'local' })]);
  const written = planReadiness({ ...before, reach: EAST_CUT, localReady: () => undefined });
  expect(written.map(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'])).not.toContain('web');
});

test("a ServiceImport that is not the hub's chooses nothing", () => {
  const before = hubs([east({ prefer: ['east'] }), north]);
  const imports = before.imports.map((each) => ({ ...each, metadata: { ...each.metadata, labels: {} } }));
  expect(told(before.slices, planReadiness({ ...before, imports, reach: REACHED, localReady: () => ({}) }))).toEqual(
    told(hubs([east(), north]).slices),
  );
});

test('what cannot be reached is written first, then what serves instead; when it is back, it comes before others go', () => {
  const exporters = (first: Exporter): Exporter[] => [{ ...first, service: service('east', asking({ prefer: ['east', 'north'] })) }, north];
  const [before, cut] = [hubs(exporters(east())), hubs(exporters(cutEast()))];
  const order = (planned: readonly KubeObject[]): unknown[] => planned.map(({ metadata }) => metadata.labels?.['kilofed.io/cluster']);
  const given = { localReady: (): undefined => undefined };
  expect(order(planReadiness({ ...before, slices: before.slices.toReversed(), reach: EAST_CUT, ...given }))).toEqual(['east', 'north']);
  expect(order(planReadiness({ ...cut, slices: cut.slices.toReversed(), reach: REACHED, ...given }))).toEqual(['east', 'north']);
});

test('what stands beside the own Service is written before the derived one, as the hub does it', () => {
  const exporters = (first: Exporter): Exporter[] => [first, north, west({ affinity: 'local', prefer: ['east', 'north'] }, [])];
  const before = hubs(exporters(east()));
  const planned = planReadiness({ ...before, reach: EAST_CUT, localReady: () => ({ IPv4: 0 }) });
  expect(planned.map(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === 'web')).toEqual([true, true, false, false]);
  expect(planned.map(({ metadata }) => metadata.labels?.['kilofed.io/cluster'])).toEqual(['east', 'north', 'east', 'north']);
});
