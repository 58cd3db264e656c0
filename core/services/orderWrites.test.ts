import { describe, expect, test } from '@jest/globals';
import { exporter, importInput, mirrorOf, sha256, slice, tcp } from '../../test/fakes/services.js';
import type { ServicePort } from './model.js';
import type { Exporter } from './importParts.js';
import { type MirrorWrite, orderBeside, orderWrites, type ExistingMirror } from './orderWrites.js';
import { planImport } from './planImport.js';

type Planned = ReturnType<typeof mirrorOf>;

function planned(
  ports: readonly ServicePort[],
  more: { readonly headless?: boolean; readonly ipFamilies?: readonly ('IPv4' | 'IPv6')[] } = {},
): Planned {
  const known = exporter('east', [], { ports, ...more });
  return mirrorOf(
    planImport(
      importInput({
        exporters: [{ ...known, slices: [slice('east', ['10.42.1.5'], { ports })] }],
        target: { sameNamed: 'ours', ipFamilies: ['IPv4', 'IPv6'] },
      }),
    ),
  );
}

function existing({ service, slices }: Planned): ExistingMirror {
  return { services: [service], slices };
}

/** `service http,grpc` or `slice http`: what each write says of ports. */
function told(writes: readonly MirrorWrite[]): string[] {
  return writes.flatMap((write) => {
    const ports: readonly { readonly name?: unknown }[] = write.kind === 'service' ? write.object.spec.ports : write.object.ports;
    return [...(write.anew === undefined ? [] : ['remove']), `${write.kind} ${ports.map(({ name }) => String(name)).join()}`];
  });
}

describe('the order of writes', () => {
  const [http, grpc, web] = [tcp('http', 80), tcp('grpc', 81), tcp('web', 80)];
  test.each<[string, ExistingMirror, Planned, string[]]>([
    [
      'nothing there: the Service first, so that no slice names one that is not',
      { services: [], slices: [] },
      planned([http]),
      ['service http', 'slice http'],
    ],
    ['a port is added: slices first', existing(planned([http])), planned([http, grpc]), ['slice http,grpc', 'service http,grpc']],
    [
      'a port is removed: the Service first',
      existing(planned([http, grpc])),
      planned([http]),
      ['slice http,grpc', 'service http', 'slice http'],
    ],
    ['a port is renamed: both names in between', existing(planned([http])), planned([web]), ['slice web,http', 'service web', 'slice web']],
    ['nothing changes: nothing in between', existing(planned([http])), planned([http]), ['slice http', 'service http']],
    [
      'it becomes headless: made anew when its slices are ready',
      existing(planned([http])),
      planned([http], { headless: true }),
      ['slice http', 'remove', 'service http'],
    ],
    [
      'its first family changes: made anew',
      existing(planned([http], { ipFamilies: ['IPv6', 'IPv4'] })),
      planned([http], { ipFamilies: ['IPv4', 'IPv6'] }),
      ['slice http', 'remove', 'service http'],
    ],
    [
      'its first family and a port change: the new one finds slices with both',
      existing(planned([http], { ipFamilies: ['IPv6', 'IPv4'] })),
      planned([web], { ipFamilies: ['IPv4', 'IPv6'] }),
      ['slice web,http', 'remove', 'service web', 'slice web'],
    ],
    [
      'the first family of a headless one changes: changed in place, it has no address',
      existing(planned([http], { headless: true, ipFamilies: ['IPv6', 'IPv4'] })),
      planned([http], { headless: true, ipFamilies: ['IPv4'] }),
      ['slice http', 'service http'],
    ],
    [
      'a second family goes: changed in place',
      existing(planned([http], { ipFamilies: ['IPv4', 'IPv6'] })),
      planned([http], { ipFamilies: ['IPv4'] }),
      ['slice http', 'service http'],
    ],
    [
      'names are swapped: the slices have both before and after',
      existing(planned([http, grpc])),
      planned([tcp('grpc', 80), tcp('http', 81)]),
      ['slice grpc,http', 'service grpc,http'],
    ],
    [
      'a second family comes: changed in place',
      existing(planned([http])),
      planned([http], { ipFamilies: ['IPv4', 'IPv6'] }),
      ['slice http', 'service http'],
    ],
  ])('%s', (_what, before, after, expected) => {
    expect(told(orderWrites({ plan: after, existing: before, sha256 }))).toEqual(expected);
  });

  test('while the Service is kept, its slices keep every port that it names', () => {
    const kept = orderWrites({ plan: planned([web]), existing: existing(planned([http])), keepService: true, sha256 });
    expect(told(kept)).toEqual(['slice web,http']);
    const created = orderWrites({ plan: planned([web]), existing: { services: [], slices: [] }, keepService: true, sha256 });
    expect(told(created)).toEqual(['service web', 'slice web']);
  });

  test('a slice never gets more ports than it can hold', () => {
    const many = (word: string): ServicePort[] => Array.from({ length: 80 }, (_, index) => tcp(`${word}${index}`, index + 1));
    const writes = orderWrites({ plan: planned(many('b')), existing: existing(planned(many('a'))), sha256 });
    expect(writes.flatMap((write) => (write.kind === 'slice' ? [write.object.ports.length] : []))).toEqual([100, 80]);
  });

  test('the hash of an interim slice is its own', () => {
    const [interim, , final] = orderWrites({ plan: planned([web]), existing: existing(planned([http])), sha256 });
    const hashOf = (write: MirrorWrite | undefined): string | undefined => write?.object.metadata.annotations?.['kilofed.io/hash'];
    expect(hashOf(interim)).toMatch(/^[0-9a-f]{16}$/);
    expect(hashOf(interim)).not.toBe(hashOf(final));
  });

  test('an endpoint that moves to another slice is added there before it leaves the old one', () => {
    const planOf = (a: readonly string[], b: readonly string[]): Planned => {
      const known = exporter('east', []);
      return mirrorOf(
        planImport(importInput({ exporters: [{ ...known, slices: [slice('east', a, { uid: 'a' }), slice('east', b, { uid: 'b' })] }] })),
      );
    };
    for (const [before, after] of [
      [planOf(['10.42.0.1', '10.42.0.2'], []), planOf(['10.42.0.1'], ['10.42.0.2'])],
      [planOf([], ['10.42.0.1', '10.42.0.2']), planOf(['10.42.0.2'], ['10.42.0.1'])],
    ] as const) {
      const sizes = orderWrites({ plan: after, existing: existing(before), sha256 }).flatMap((write) =>
        write.kind === 'slice' ? [write.object.metadata.name] : [],
      );
      const had = new Map(before.slices.map(({ metadata, endpoints }) => [metadata.name, endpoints.length]));
      expect(sizes.map((name) => had.get(name))).toEqual([0, 2]);
    }
  });

  test('a preferred member fails: what cannot be reached goes first, and what stood by is there; else what comes is first', () => {
    const planOf = (more: Partial<Exporter>): Planned => {
      const preferring = { export: { exported: true, complaints: [], prefer: ['east', 'north'] } };
      const east = { ...exporter('east', ['10.42.1.5'], preferring), ...more };
      return mirrorOf(planImport(importInput({ exporters: [east, exporter('north', ['10.44.1.5'])] })));
    };
    const reached = planOf({});
    const cut = planOf({ segments: [{ allowedIPs: ['10.42.0.0/16'], reached: false }] });
    const unready = planOf({ slices: [slice('east', [], { endpoints: [{ addresses: ['10.42.1.5'], ready: false }] })] });
    const orderOf = (before: Planned, after: Planned): (string | undefined)[] =>
      orderWrites({ plan: after, existing: existing(before), cutOff: after.cutOff, sha256 }).flatMap(({ kind, object }) =>
        kind === 'slice' ? [object.metadata.labels?.['kilofed.io/cluster']] : [],
      );
    expect(cut.cutOff).toEqual(['east']);
    expect(orderOf(reached, cut)).toEqual(['east', 'north']);
    expect(orderOf(cut, reached)).toEqual(['east', 'north']);
    expect(orderOf(reached, unready)).toEqual(['north', 'east']);
    const beside = orderBeside(cut.slices.toReversed(), reached.slices, cut.cutOff);
    expect(beside.map(({ object }) => object.metadata.labels?.['kilofed.io/cluster'])).toEqual(['east', 'north']);
  });
});
