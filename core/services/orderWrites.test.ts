import { describe, expect, test } from '@jest/globals';
import { exporter, importInput, mirrorOf, sha256, slice, tcp } from '../../test/fakes/services.js';
import type { ServicePort } from './model.js';
import { type MirrorWrite, orderWrites, type StandingMirror } from './orderWrites.js';
import { planImport } from './planImport.js';

type Planned = ReturnType<typeof mirrorOf>;

function planned(ports: readonly ServicePort[], more: { readonly headless?: boolean; readonly ipFamilies?: readonly ('IPv4' | 'IPv6')[] } = {}): Planned {
  const known = exporter('east', [], { ports, ...more });
  return mirrorOf(planImport(importInput({ exporters: [{ ...known, slices: [slice('east', ['10.42.1.5'], { ports })] }], target: { sameNamed: 'ours', ipFamilies: ['IPv4', 'IPv6'] } })));
}

function standing({ service, slices }: Planned): StandingMirror {
  return { services: [service], slices };
}

/** `service http,grpc` or `slice http`: what each write says of ports. */
function told(writes: readonly MirrorWrite[]): string[] {
  return writes.map((write) => {
    if (write.kind === 'remove') return 'remove';
    const ports: readonly { readonly name?: unknown }[] = write.kind === 'service' ? write.object.spec.ports : write.object.ports;
    return `${write.kind} ${ports.map(({ name }) => String(name)).join()}`;
  });
}

describe('the order of writes', () => {
  const [http, grpc, web] = [tcp('http', 80), tcp('grpc', 81), tcp('web', 80)];
  test.each<[string, StandingMirror, Planned, string[]]>([
    ['nothing there: the Service first, so that no slice names one that is not', { services: [], slices: [] }, planned([http]), ['service http', 'slice http']],
    ['a port is added: slices first', standing(planned([http])), planned([http, grpc]), ['slice http,grpc', 'service http,grpc']],
    ['a port is removed: the Service first', standing(planned([http, grpc])), planned([http]), ['slice http,grpc', 'service http', 'slice http']],
    ['a port is renamed: both names in between', standing(planned([http])), planned([web]), ['slice web,http', 'service web', 'slice web']],
    ['nothing changes: nothing in between', standing(planned([http])), planned([http]), ['slice http', 'service http']],
    ['it becomes headless: made anew, the slices stay', standing(planned([http])), planned([http], { headless: true }), ['remove', 'service http', 'slice http']],
    ['its first family changes: made anew', standing(planned([http], { ipFamilies: ['IPv6', 'IPv4'] })), planned([http], { ipFamilies: ['IPv4', 'IPv6'] }), ['remove', 'service http', 'slice http']],
    ['a second family comes: changed in place', standing(planned([http])), planned([http], { ipFamilies: ['IPv4', 'IPv6'] }), ['slice http', 'service http']],
  ])('%s', (_what, before, after, expected) => {
    expect(told(orderWrites(after, before, sha256))).toEqual(expected);
  });

  test('the hash of an interim slice is its own', () => {
    const [interim, , final] = orderWrites(planned([web]), standing(planned([http])), sha256);
    const hashOf = (write: MirrorWrite | undefined): string | undefined => write?.object.metadata.annotations?.['kilofed.io/hash'];
    expect(hashOf(interim)).toMatch(/^[0-9a-f]{16}$/);
    expect(hashOf(interim)).not.toBe(hashOf(final));
  });

  test('an endpoint that moves to another slice is added there before it leaves the old one', () => {
    const planOf = (a: readonly string[], b: readonly string[]): Planned => {
      const known = exporter('east', []);
      return mirrorOf(planImport(importInput({ exporters: [{ ...known, slices: [slice('east', a, { uid: 'a' }), slice('east', b, { uid: 'b' })] }] })));
    };
    for (const [before, after] of [[planOf(['10.42.0.1', '10.42.0.2'], []), planOf(['10.42.0.1'], ['10.42.0.2'])], [planOf([], ['10.42.0.1', '10.42.0.2']), planOf(['10.42.0.2'], ['10.42.0.1'])]] as const) {
      const sizes = orderWrites(after, standing(before), sha256).flatMap((write) => (write.kind === 'slice' ? [write.object.metadata.name] : []));
      const had = new Map(before.slices.map(({ metadata, endpoints }) => [metadata.name, endpoints.length]));
      expect(sizes.map((name) => had.get(name))).toEqual([0, 2]);
    }
  });
});
