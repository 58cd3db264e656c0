/**
 * H7: who stands in a mirror is not displaced, whatever a newcomer says.
 */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { exporter, importInput, mirrorOf, service, slice, tcp } from '../../test/fakes/services.js';
import type { Exporter } from './importParts.js';
import type { ServicePort, ServiceRecord } from './model.js';
import { type ImportPlan, planImport } from './planImport.js';
import { byPrecedence } from './precedence.js';
import { shapeOf } from './serviceShape.js';

type Mirror = Extract<ImportPlan, { kind: 'mirror' }>;

const east = exporter('east', ['10.42.1.5']);
const evil = (more: Partial<ServiceRecord>, seen = 0): Exporter => ({
  ...exporter('alpha', ['10.43.6.6'], more),
  slices: [slice('alpha', ['10.43.6.6'], { ports: [tcp('x', 6666), tcp('http', 6666), tcp('', 6666)] })],
  seen,
});

/** What all clients of the mirror see, whoever is behind it; of its ports the first so many. */
function shape({ service: { spec }, import: { spec: imported } }: Mirror, ports = Number.POSITIVE_INFINITY): unknown {
  return [spec, imported].map((each) => ({ ...each, ports: (each['ports'] as unknown[]).slice(0, ports) }));
}
const portsOf = (plan: Mirror, cluster: string): unknown[] =>
  plan.slices.filter(({ metadata }) => metadata.labels?.['kilofed.io/cluster'] === cluster).flatMap(({ ports }) => ports);

function planWith(standing: readonly string[], exporters: readonly Exporter[], unknown: readonly string[] = []): Mirror {
  const standingShape = standing.length === 0 ? {} : { shape: shapeOf(east.service) };
  return mirrorOf(planImport(importInput({ exporters, unknown, target: { standing: { exporters: standing, ...standingShape } } })));
}

describe('H7: of a Service that stands, a newcomer changes', () => {
  const alone = planWith(['east'], [east]);

  test.each<[string, Partial<ServiceRecord>]>([
    ['its ports: one of another name at the same number', { ports: [tcp('x', 80)] }],
    ['its ports: one of the same name with another number', { ports: [tcp('http', 8000)] }],
    ['its ports: none', { ports: [], headless: true }],
    ['its type', { headless: true }],
    ['its affinity', { sessionAffinity: 'ClientIP', sessionAffinitySeconds: 1 }],
    ['its IP families: another one', { ipFamilies: ['IPv6', 'IPv4'] }],
    ['whether endpoints that are not ready count', { publishNotReadyAddresses: true }],
    ['its application protocol', { ports: [{ ...tcp('http', 80), appProtocol: 'h2c' }] }],
  ])('nothing: %s', (_what, more) => {
    for (const exporters of [
      [east, evil(more)],
      [evil(more), east],
    ]) {
      const plan = planWith(['east'], exporters);
      expect(shape(plan)).toEqual(shape(alone));
      expect(portsOf(plan, 'east')).toEqual(portsOf(alone, 'east'));
      expect(plan.exporters).toEqual(['east', 'alpha']);
    }
  });

  test.each<[string, Partial<ServiceRecord>, readonly ServicePort[]]>([
    ['another one', { ports: [tcp('http', 80), tcp('x', 81)] }, [tcp('http', 80), tcp('x', 81)]],
    ['one without a name, which gets one', { ports: [tcp('', 81)] }, [tcp('http', 80), tcp('tcp-81', 81)]],
  ])('but it may add a port: %s', (_what, more, ports) => {
    for (const exporters of [
      [east, evil(more)],
      [evil(more), east],
    ]) {
      const plan = planWith(['east'], exporters);
      expect(shape(plan, 1)).toEqual(shape(alone));
      expect(plan.service.spec.ports).toEqual(ports);
      expect(portsOf(plan, 'east')).toEqual(portsOf(alone, 'east'));
    }
  });

  test('nothing, if that would give a name to its only port, which has none', () => {
    const nameless = exporter('east', ['10.42.1.5'], { ports: [tcp('', 80)] });
    const target = { standing: { exporters: ['east'], shape: shapeOf(nameless.service) } };
    const plan = planImport(importInput({ exporters: [evil({ ports: [tcp('x', 81)] }), nameless], target }));
    expect(mirrorOf(plan).service.spec.ports).toEqual([{ protocol: 'TCP', port: 80 }]);
  });

  test('but where it has the same port it adds its endpoints, as equal names mean equal Services', () => {
    expect(portsOf(planWith(['east'], [east, evil({})]), 'alpha')).toEqual([tcp('http', 6666)]);
    expect(portsOf(planWith(['east'], [east, evil({ ports: [tcp('http', 81)] })]), 'alpha')).toEqual([]);
  });
});

test('H7: any newcomers, with any fields, leave what stands byte for byte as it is, and add ports at most', () => {
  const ports = fc.array(
    fc.record({
      name: fc.constantFrom('', 'http', 'x', 'tcp-80', 'UPPER'),
      protocol: fc.constantFrom('TCP' as const, 'UDP' as const),
      port: fc.constantFrom(80, 81, 0, 70_000),
    }),
    { maxLength: 4 },
  );
  const fields = fc.record({
    headless: fc.boolean(),
    ports,
    ipFamilies: fc.subarray<'IPv4' | 'IPv6'>(['IPv6', 'IPv4']),
    sessionAffinity: fc.constantFrom('None' as const, 'ClientIP' as const),
    sessionAffinitySeconds: fc.nat(100_000),
    publishNotReadyAddresses: fc.boolean(),
    type: fc.constantFrom('ClusterIP' as const, 'ExternalName' as const, 'NodePort' as const),
  });
  const newcomers = fc.subarray(['alpha', 'aa', 'zz', 'west']).chain((ids) =>
    fc.tuple(
      ...ids.map((id) =>
        fc
          .record({ more: fields, seen: fc.integer({ min: -5, max: 5 }), slicePorts: ports })
          .map(({ more, seen, slicePorts }): Exporter => ({
            service: service(id, more),
            slices: [slice(id, ['10.43.0.9'], { ports: slicePorts })],
            networks: ['10.43.0.0/16'],
            seen,
          })),
      ),
    ),
  );
  fc.assert(
    fc.property(newcomers, fields, fc.boolean(), (others, own, unknown) => {
      const stands: Exporter = { ...east, service: service('east', { ...own, headless: own.headless, type: 'ClusterIP' }) };
      const target = {
        ipFamilies: ['IPv4', 'IPv6'] as const,
        sameNamed: 'ours' as const,
        standing: { exporters: ['east'], shape: shapeOf(stands.service) },
      };
      const alone = planImport(importInput({ exporters: [stands], target }));
      const known = planImport(importInput({ exporters: [...others, stands], target }));
      if (alone.kind !== 'mirror' || known.kind !== 'mirror') return;
      const count = alone.service.spec.ports.length;
      expect(shape(known, count)).toEqual(shape(alone));
      expect(known.slices.filter(({ metadata }) => metadata.labels?.['kilofed.io/cluster'] === 'east')).toEqual(alone.slices);
      expect(known.exporters[0]).toBe('east');
      // As after a restart of the hub, while east does not answer.
      if (!unknown) return;
      const without = planImport(importInput({ exporters: others, unknown: ['east'], target }));
      if (without.kind !== 'mirror') return;
      expect([without.keepService, without.exporters[0], shape(without)]).toEqual([true, 'east', shape(alone)]);
    }),
  );
});

describe('H7: precedence', () => {
  test.each<[string, readonly string[], Readonly<Record<string, number>>, readonly string[]]>([
    ['who stands comes first, in the order of the mirror', ['north', 'east'], { alpha: 0, east: 9, north: 9 }, ['north', 'east', 'alpha']],
    ['then whom the hub saw first', ['north'], { alpha: 2, east: 1, north: 9 }, ['north', 'east', 'alpha']],
    ['then the id', [], { north: 0, east: 0, alpha: 0 }, ['alpha', 'east', 'north']],
    ['who is named and does not export is nobody', ['gone', 'east'], { alpha: 0, east: 0 }, ['east', 'alpha']],
  ])('%s', (_what, standing, seen, expected) => {
    const ranked = Object.entries(seen).map(([cluster, place]) => ({ cluster, seen: place }));
    expect(ranked.toSorted(byPrecedence(standing)).map(({ cluster }) => cluster)).toEqual(expected);
  });

  test('who stands changes its own ports and type', () => {
    const changed = { ...east, service: service('east', { ports: [tcp('http', 8000), tcp('admin', 81)], headless: true }) };
    const plan = planWith(['east', 'alpha'], [evil({}), changed]);
    expect([plan.service.spec.ports, plan.service.spec['clusterIP']]).toEqual([[tcp('http', 8000), tcp('admin', 81)], 'None']);
  });

  test('when who stood first leaves, the next takes over, and whoever returns is a newcomer', () => {
    const next = evil({ ports: [tcp('x', 80)] });
    expect(planWith(['east', 'alpha'], [next])).toMatchObject({ exporters: ['alpha'], service: { spec: { ports: [tcp('x', 80)] } } });
    expect(planWith(['alpha'], [east, next])).toMatchObject({ exporters: ['alpha', 'east'], service: { spec: { ports: [tcp('x', 80)] } } });
  });

  test('who could not be mirrored alone decides nothing, wherever it comes', () => {
    for (const useless of [evil({ ports: [] }), evil({ ipFamilies: ['IPv6'] }), { ...evil({}), unreachableReason: 'pods overlap' }]) {
      const plan = planWith([], [useless, east]);
      expect([plan.exporters, plan.refusals.map(({ cluster }) => cluster), plan.service.spec.ports]).toEqual([
        ['east'],
        ['alpha'],
        [tcp('http', 80)],
      ]);
    }
  });

  test('while the first is not known, the Service stays, and slices of others have its ports only', () => {
    const plan = planWith(['east', 'alpha'], [evil({ ports: [tcp('http', 8000)] })], ['east']);
    expect([plan.keepService, plan.exporters, portsOf(plan, 'alpha')]).toEqual([true, ['east', 'alpha'], []]);
  });

  test('while another is not known, the first goes on, and the other keeps its place', () => {
    const changed = { ...east, service: service('east', { ports: [tcp('http', 8000)] }) };
    const plan = planWith(['east', 'alpha'], [changed], ['alpha']);
    expect([plan.keepService, plan.exporters, plan.service.spec.ports]).toEqual([false, ['east', 'alpha'], [tcp('http', 8000)]]);
  });
});
