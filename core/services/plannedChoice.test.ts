import { describe, expect, test } from '@jest/globals';
import { exporter, importInput, mirrorOf, slice, tcp } from '../../test/fakes/services.js';
import type { ExportRequest } from './annotations.js';
import type { EndpointSliceObject, Exporter } from './importParts.js';
import { type ImportInput, planImport } from './planImport.js';

const asking = (more: Partial<ExportRequest>): { readonly export: ExportRequest } => ({
  export: { exported: true, complaints: [], ...more },
});
const EAST = ['10.42.1.5', '10.42.1.6'];
const NORTH = ['10.44.1.5'];
const WEST = ['10.43.1.5'];

function plan(exporters: readonly Exporter[], more: Parameters<typeof importInput>[0] = {}): ReturnType<typeof mirrorOf> {
  return mirrorOf(planImport(importInput({ ...more, exporters })));
}

/** Addresses that are ready, and `-` before those that are not. */
function told(slices: readonly EndpointSliceObject[] | undefined): string[] | undefined {
  return slices?.flatMap(({ endpoints }) =>
    (endpoints as readonly { addresses: string[]; conditions: { ready?: boolean } }[]).map(
      ({ addresses: [address], conditions }) => `${conditions.ready === false ? '-' : ''}${address}`,
    ),
  );
}

describe('a preference', () => {
  const prefer = ['east', 'north'];

  test('holds the others back, and stands on the ServiceImport', () => {
    const planned = plan([exporter('east', EAST, asking({ prefer })), exporter('north', NORTH)]);
    expect(told(planned.slices)).toEqual([...EAST, '-10.44.1.5']);
    expect(planned.import.metadata.annotations?.['kilofed.io/choice']).toBe('{"self":"west","prefer":[["east"],["north"]]}');
    expect(planned.slices[1]?.metadata.annotations?.['kilofed.io/withheld']).toBe('{"standby ready=true":["10.44.1.5"]}');
  });

  test.each<[string, Exporter]>([
    [
      'has nothing that is ready',
      {
        ...exporter('east', [], asking({ prefer })),
        slices: [slice('east', [], { endpoints: [{ addresses: ['10.42.1.5'], ready: false }] })],
      },
    ],
    [
      'is cut off',
      { ...exporter('east', ['10.42.1.5'], asking({ prefer })), segments: [{ allowedIPs: ['10.42.0.0/16'], reached: false }] },
    ],
    ['is drained', { ...exporter('east', ['10.42.1.5'], asking({ prefer })), drained: true }],
  ])('goes on when the first %s', (_what, east) => {
    const termsOf = (id: string): { drained?: true } => (id === 'east' && east.drained === true ? { drained: true } : {});
    expect(told(plan([east, exporter('north', NORTH)], { termsOf }).slices)).toEqual(['-10.42.1.5', '10.44.1.5']);
  });

  test('a newcomer attracts nothing by its own', () => {
    const planned = plan([exporter('east', EAST), { ...exporter('north', NORTH, asking({ prefer: ['north'] })), seen: 1 }]);
    expect(told(planned.slices)).toEqual([...EAST, ...NORTH]);
    expect(planned.import.metadata.annotations).not.toHaveProperty('kilofed.io/choice');
  });

  test('of a member that is not known now, what is ready serves', () => {
    const standing = (ready: boolean): ImportInput['target']['standing'] => ({
      exporters: ['east', 'north'],
      slices: [
        {
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: { name: 'web-east', labels: { 'kilofed.io/cluster': 'east', 'kubernetes.io/service-name': 'web' } },
          addressType: 'IPv4',
          ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
          endpoints: [{ addresses: ['10.42.1.5'], conditions: { ready } }],
        } as never,
      ],
    });
    const north = exporter('north', NORTH, asking({ prefer: ['east'] }));
    const planned = (ready: boolean): string[] | undefined =>
      told(plan([north], { unknown: ['east'], target: { standing: standing(ready) } }).slices);
    expect([planned(true), planned(false)]).toEqual([['-10.44.1.5'], NORTH]);
  });
});

describe('affinity of the own Service', () => {
  const there = { sameNamed: 'foreign' } as const;
  const own = (affinity: ExportRequest['affinity'], addresses = WEST, more: object = {}): Exporter =>
    exporter('west', addresses, { ...(affinity !== undefined && asking({ affinity })), ...more });
  const beside = (west: Exporter, others = [exporter('east', EAST)]): string[] | undefined =>
    told(plan([...others, west], { target: there }).beside);

  test('without it, nothing joins', () => {
    expect(beside(own(undefined))).toBeUndefined();
  });

  test('nothing joins a Service that does not export, whatever others say', () => {
    expect(plan([exporter('east', EAST, asking({ affinity: 'none' }))], { target: there }).beside).toBeUndefined();
  });

  test('none: all alike, behind either name', () => {
    const planned = plan([exporter('east', EAST), own('none')], { target: there });
    expect(told(planned.beside)).toEqual(EAST);
    expect(told(planned.slices)).toEqual([...EAST, ...WEST]);
    expect(planned.beside?.map(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'])).toEqual(['web']);
    expect(planned.notes).toEqual([]);
  });

  test('local: others while none of its own is ready', () => {
    expect(beside(own('local'))).toEqual(EAST.map((address) => `-${address}`));
    expect(beside(own('local', []))).toEqual(EAST);
    const planned = plan([exporter('east', EAST), own('local')], { target: there });
    expect(told(planned.slices)).toEqual([...EAST.map((address) => `-${address}`), ...WEST]);
  });

  test('remote: its own come last behind the derived name, and are not ours to hold back behind the own one', () => {
    const planned = plan([exporter('east', EAST), own('remote')], { target: there });
    expect(told(planned.slices)).toEqual([...EAST, '-10.43.1.5']);
    expect(told(planned.beside)).toEqual(EAST);
    expect(planned.notes).toEqual([expect.stringContaining('affinity remote of west')]);
  });

  test('its preferences and weights count in its cluster', () => {
    const west = own(undefined, WEST, asking({ affinity: 'none', prefer: ['north'] }));
    expect(beside(west, [exporter('east', EAST), exporter('north', NORTH)])).toEqual([...EAST.map((address) => `-${address}`), ...NORTH]);
  });

  test('only ports that are the same in name, protocol and number are joined, whoever was first', () => {
    const ports = [tcp('http', 80), tcp('grpc', 81)];
    const east: Exporter = {
      ...exporter('east', EAST, { ports }),
      slices: [slice('east', EAST, { ports: [tcp('http', 8080), tcp('grpc', 8081)] })],
    };
    const planned = plan([east, own('none', WEST, { ports: [tcp('http', 80), tcp('grpc', 99)] })], { target: there });
    expect(planned.beside?.map((each) => each.ports)).toEqual([[{ name: 'http', protocol: 'TCP', port: 8080 }]]);
    expect(planned.slices[0]?.ports).toHaveLength(2);
  });

  test('a Service that was handed over has nothing beside it', () => {
    expect(plan([exporter('east', EAST), own('none')], { target: { sameNamed: 'offered' } }).beside).toBeUndefined();
  });
});
