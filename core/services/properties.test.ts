/**
 * What holds for whatever the members export.
 */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { exporter, importInput, mirrorOf, service, sha256, slice } from '../../test/fakes/services.js';
import { isWithin } from '../net/sets.js';
import { isSpecial } from '../net/special.js';
import type { EndpointSliceObject, Exporter, ServiceObject } from './importParts.js';
import type { ServicePort } from './model.js';
import { type MirrorWrite, orderWrites } from './orderWrites.js';
import { planImport } from './planImport.js';
import { nameOfNameless } from './serviceShape.js';
import { canonical } from './withOwnHash.js';

const port: fc.Arbitrary<ServicePort> = fc.record({
  name: fc.constantFrom('', 'http', 'grpc', 'tcp-80', 'UPPER'),
  protocol: fc.constantFrom('TCP' as const, 'UDP' as const),
  port: fc.constantFrom(80, 81, 443, 0),
});
const address = fc.constantFrom(
  '10.42.0.1',
  '10.42.9.9',
  '10.43.0.1',
  '10.44.0.1',
  '127.0.0.1',
  '169.254.169.254',
  '0.0.0.0',
  '255.255.255.255',
  '10.96.0.1',
  'fd00::1',
  '::1',
  '::ffff:10.42.0.1',
  'not an address',
  '10.42.0.0/16',
  '',
);
const NETWORKS: Readonly<Record<string, readonly string[]>> = {
  east: ['10.42.0.0/16', 'fd00::/64'],
  north: ['10.44.0.0/16'],
  south: ['0.0.0.0/0', '::/0'],
  west: ['10.43.0.0/16'],
};

function exporterOf(cluster: string): fc.Arbitrary<Exporter> {
  return fc.record({
    service: fc
      .record({
        headless: fc.boolean(),
        ports: fc.array(port, { maxLength: 4 }),
        ipFamilies: fc.constantFrom<('IPv4' | 'IPv6')[]>([], ['IPv4'], ['IPv6'], ['IPv6', 'IPv4']),
        sessionAffinity: fc.constantFrom('None' as const, 'ClientIP' as const),
      })
      .map((more) => service(cluster, more)),
    slices: fc
      .array(
        fc.record({
          uid: fc.constantFrom('a', 'b', 'c'),
          addressType: fc.constantFrom('IPv4' as const, 'IPv6' as const),
          ports: fc.array(port, { maxLength: 4 }),
          addresses: fc.array(fc.array(address, { minLength: 1, maxLength: 3 }), { maxLength: 6 }),
        }),
        { maxLength: 4 },
      )
      .map((parts) =>
        parts.map(({ addresses, ...more }, index) =>
          slice(cluster, [], { ...more, name: `web-${index}`, endpoints: addresses.map((each) => ({ addresses: each })) }),
        ),
      ),
    networks: fc.constant(NETWORKS[cluster] ?? []),
    seen: fc.nat(2),
  });
}

const exporters = fc.subarray(['east', 'north', 'south', 'west']).chain((ids) => fc.tuple(...ids.map(exporterOf)));
const target = fc.record({
  ipFamilies: fc.constantFrom<('IPv4' | 'IPv6')[]>(['IPv4'], ['IPv4', 'IPv6']),
  sameNamed: fc.constantFrom('none' as const, 'foreign' as const, 'ours' as const),
  derived: fc.constantFrom('none' as const, 'foreign' as const, 'ours' as const),
});

test('the order in which exporters and their slices are known does not matter', () => {
  fc.assert(
    fc.property(exporters, target, fc.infiniteStream(fc.nat()), (given, there, dice) => {
      const shuffle = <T>(items: readonly T[]): T[] =>
        items
          .map((item) => [dice.next().value as number, item] as const)
          .toSorted(([a], [b]) => a - b)
          .map(([, item]) => item);
      const distinct = given.map((each) => ({
        ...each,
        slices: each.slices.filter(({ uid }, index) => each.slices.findIndex((other) => other.uid === uid) === index),
      }));
      const shuffled = shuffle(distinct.map((each) => ({ ...each, slices: shuffle(each.slices) })));
      expect(canonical(planImport(importInput({ exporters: shuffled, target: there })))).toBe(
        canonical(planImport(importInput({ exporters: distinct, target: there }))),
      );
    }),
  );
});

test('what is written, an API server accepts, and every address is one that its exporter is registered with', () => {
  fc.assert(
    fc.property(exporters, target, (given, there) => {
      const plan = planImport(importInput({ exporters: given, target: there }));
      if (plan.kind !== 'mirror') return;
      const ports = plan.service.spec.ports;
      expect(new Set(ports.map(({ name }) => name ?? '')).size).toBe(ports.length);
      expect(new Set(ports.map(({ protocol, port: number }) => `${protocol}${number}`)).size).toBe(ports.length);
      if (ports.length > 1) expect(ports.every(({ name }) => /^[a-z0-9-]+$/.test(name))).toBe(true);
      expect(new Set(plan.slices.map(({ metadata }) => metadata.name)).size).toBe(plan.slices.length);
      for (const { metadata, addressType, endpoints, ports: published } of plan.slices) {
        const cluster = metadata.labels?.['multicluster.kubernetes.io/source-cluster'] ?? '';
        expect(metadata.name.length).toBeLessThanOrEqual(63);
        expect(metadata.labels?.['kubernetes.io/service-name']).toBe(plan.service.metadata.name);
        expect(plan.service.spec['ipFamilies']).toContain(addressType);
        expect(new Set(published.map(({ name }) => name)).size).toBe(published.length);
        for (const endpoint of endpoints) {
          const addresses = endpoint['addresses'] as readonly string[];
          expect(new Set(addresses).size).toBe(addresses.length);
        }
        for (const each of published)
          expect(ports.some(({ name, protocol }) => (name ?? '') === each['name'] && protocol === each['protocol'])).toBe(true);
        for (const text of endpoints.flatMap((endpoint) => endpoint['addresses'] as string[])) {
          expect(isWithin(text, NETWORKS[cluster] ?? []) && !isSpecial(text) && text.includes(':') === (addressType === 'IPv6')).toBe(true);
        }
      }
    }),
  );
});

test('S28: while a mirror changes, no port of its Service lacks the endpoints of before or after, also if the Service is refused', () => {
  const ports = fc.uniqueArray(fc.constantFrom('http', 'grpc', 'admin'), { minLength: 1 });
  const addresses = fc.subarray(['10.42.0.1', '10.42.0.2', '10.42.0.3'], { minLength: 1 });
  fc.assert(
    fc.property(fc.tuple(ports, addresses), fc.tuple(ports, addresses), fc.boolean(), (was, is, refused) => {
      const planOf = (names: readonly string[], at: readonly string[]): ReturnType<typeof mirrorOf> => {
        const numbered = names.map((name) => ({ name, protocol: 'TCP' as const, port: 1000 + name.length }));
        const known = exporter('east', at, { ports: numbered });
        return mirrorOf(
          planImport(
            importInput({ exporters: [{ ...known, slices: [slice('east', at, { ports: numbered })] }], target: { sameNamed: 'ours' } }),
          ),
        );
      };
      const [before, after] = [planOf(...was), planOf(...is)];
      const writes = orderWrites({ plan: after, existing: { services: [before.service], slices: before.slices }, sha256 });
      let state: { service: ServiceObject; slices: ReadonlyMap<string, EndpointSliceObject> } = {
        service: before.service,
        slices: new Map(before.slices.map((each) => [each.metadata.name, each])),
      };
      for (const write of writes) {
        // What comes after a Service that is refused is not written.
        if (refused && write.kind === 'service') break;
        state = applied(state, write);
        for (const { name } of state.service.spec.ports) {
          expect(
            [...state.slices.values()].some(
              (each) => each.endpoints.length > 0 && each.ports.some((published) => published['name'] === name),
            ),
          ).toBe(true);
        }
      }
      expect(state.service).toEqual(refused ? before.service : after.service);
      expect([...state.slices.values()].map(({ endpoints }) => endpoints)).toEqual(after.slices.map(({ endpoints }) => endpoints));
      if (!refused) expect([...state.slices.values()]).toEqual(after.slices);
    }),
  );
});

function applied<S extends { readonly service: ServiceObject; readonly slices: ReadonlyMap<string, EndpointSliceObject> }>(
  state: S,
  write: MirrorWrite,
): S {
  if (write.kind === 'service') return { ...state, service: write.object };
  if (write.kind === 'slice') return { ...state, slices: new Map([...state.slices, [write.object.metadata.name, write.object]]) };
  return state;
}

test('the name given to a nameless port is free', () => {
  fc.assert(
    fc.property(fc.array(port, { maxLength: 4 }), (others) => {
      const all = [{ name: '', protocol: 'TCP' as const, port: 80 }, ...others.filter(({ name }) => name !== '')];
      const given = nameOfNameless({ ports: all });
      expect(all.length === 1 ? given === '' : all.every(({ name }) => name !== given)).toBe(true);
    }),
  );
});
