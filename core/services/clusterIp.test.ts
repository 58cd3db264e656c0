import { describe, expect, test } from '@jest/globals';
import { exporter, importInput, mirrorOf as mirror, service, slice } from '../../test/fakes/services.js';
import { clusterIpRefusal } from './clusterIp.js';
import type { Exporter } from './importParts.js';
import type { ServiceRecord } from './model.js';
import { planImport } from './planImport.js';

const ASKS = { export: { exported: true, complaints: [], endpoints: 'clusterip' as const }, clusterIPs: ['10.96.3.4'] };

describe('why pods serve', () => {
  test.each<[string, Partial<ServiceRecord>, readonly string[], string | undefined]>([
    ['it does not ask', { export: { exported: true, complaints: [] } }, [], undefined],
    ['nothing stands in the way', {}, ['10.96.0.0/16'], undefined],
    ['no range is declared', {}, [], 'ClusterIPNotRouted'],
    ['another range is', {}, ['10.97.0.0/16'], 'ClusterIPNotRouted'],
    ['only one family is', { clusterIPs: ['10.96.3.4', 'fd00:96::4'] }, ['10.96.0.0/16'], 'ClusterIPNotRouted'],
    ['both are', { clusterIPs: ['10.96.3.4', 'fd00:96::4'] }, ['10.96.0.0/16', 'fd00:96::/112'], undefined],
    ['it has no address yet', { clusterIPs: [] }, ['10.96.0.0/16'], 'ClusterIPNotRouted'],
    ['it is headless', { headless: true, clusterIPs: [] }, ['10.96.0.0/16'], 'ClusterIPUnusable'],
    ['it serves each node by its own pods', { internalTrafficPolicy: 'Local' }, ['10.96.0.0/16'], 'ClusterIPUnusable'],
  ])('%s', (_what, more, routed, reason) => {
    expect(clusterIpRefusal(service('east', { ...ASKS, ...more }), routed)?.reason).toBe(reason);
  });

  test('it is told what to declare', () => {
    const { message, remedy } = clusterIpRefusal(service('east', ASKS), []) ?? {};
    expect([message, remedy]).toEqual([
      'annotation kilofed.io/endpoints is "clusterip", but 10.96.3.4 lies in no range of Services that is routed to east, ' +
        'so its pods serve',
      'declare those ranges (kilofed.io/service-cidrs beside the kubeconfig of east), or remove the annotation',
    ]);
  });
});

/** What stands for east in west, and what is told. */
function planned(
  more: Partial<Exporter>,
  record: Partial<ServiceRecord> = {},
  ipFamilies: readonly ('IPv4' | 'IPv6')[] = ['IPv4'],
): unknown {
  const east = { ...exporter('east', ['10.42.1.5', '10.42.1.6'], { ...ASKS, ...record }), services: ['10.96.0.0/16'], ...more };
  const { slices, notes, cutOff, drained } = mirror(planImport(importInput({ exporters: [east], target: { ipFamilies } })));
  return { slices: slices.map(({ addressType, ports, endpoints }) => ({ addressType, ports, endpoints })), notes, cutOff, drained };
}

const PORTS = [{ name: 'http', protocol: 'TCP', port: 80 }];
const READY = { ready: true, serving: true, terminating: false };
const one = (address: string, conditions: object): object => ({ endpoints: [{ addresses: [address], conditions }] });

describe('the mirror', () => {
  test("has the ClusterIP with the Service's own ports", () => {
    const slices = [{ addressType: 'IPv4', ports: PORTS, ...one('10.96.3.4', READY) }];
    expect(planned({})).toEqual({ slices, notes: [], cutOff: [], drained: [] });
  });

  test('keeps one name, whatever becomes of the slices of the exporter', () => {
    const nameOf = (...slices: Exporter['slices'][number][]): unknown => {
      const east = { ...exporter('east', [], ASKS), services: ['10.96.0.0/16'], slices };
      return mirror(planImport(importInput({ exporters: [east] }))).slices.map(({ metadata }) => metadata.name);
    };
    const [first, second] = [slice('east', ['10.42.1.5']), slice('east', ['10.42.1.6'], { uid: 'another', name: 'web-def' })];
    expect([nameOf(first), nameOf(first, second), nameOf()]).toEqual([nameOf(second), nameOf(second), nameOf(second)]);
  });

  test.each([
    ['ready while one pod is', [{ ready: false }, { ready: true }], READY],
    ['ready while one pod says nothing', [{}], READY],
    [
      'ending while the last pods end',
      [{ ready: false }, { ready: false, serving: true, terminating: true }],
      { ready: false, serving: true, terminating: true },
    ],
    ['not ready without a ready pod', [{ ready: false }], { ready: false, serving: false, terminating: false }],
    ['not ready without a pod', [], { ready: false, serving: false, terminating: false }],
  ])('is %s', (_what, endpoints, conditions) => {
    const of = slice('east', [], { endpoints: endpoints.map((each, n) => ({ addresses: [`10.42.1.${n}`], ...each })) });
    expect(planned({ slices: [of] })).toMatchObject({ slices: [one('10.96.3.4', conditions)] });
  });

  test('has one for each family, ready by the pods of that family', () => {
    const record = { clusterIPs: ['10.96.3.4', 'fd00:96::4'], ipFamilies: ['IPv4' as const, 'IPv6' as const] };
    const six = slice('east', ['fd00:42::5'], {
      addressType: 'IPv6',
      uid: 'six',
      endpoints: [{ addresses: ['fd00:42::5'], ready: false }],
    });
    const dual = { services: ['10.96.0.0/16', 'fd00:96::/112'], slices: [slice('east', ['10.42.1.5']), six] };
    const four = one('10.96.3.4', READY);
    const notReady = one('fd00:96::4', { ready: false, serving: false, terminating: false });
    const found = planned(dual, record, ['IPv4', 'IPv6']) as { readonly slices: readonly { readonly addressType: string }[] };
    expect(found.slices.toSorted((a, b) => (a.addressType < b.addressType ? -1 : 1))).toMatchObject([four, notReady]);
    expect(planned(dual, record)).toMatchObject({ slices: [four], notes: [] });
  });

  test('is held back where no link leads there, and where the member is drained', () => {
    const conditions = { ready: false, serving: false };
    const segments = [
      { allowedIPs: ['10.96.0.0/16'], reached: false },
      { allowedIPs: ['10.42.1.0/24'], reached: true },
    ];
    expect(planned({ segments })).toMatchObject({ slices: [one('10.96.3.4', conditions)], cutOff: ['east'] });
    expect(planned({ drained: true })).toMatchObject({ slices: [one('10.96.3.4', conditions)], drained: ['east'] });
  });

  test('has the pods where the target does not route the ClusterIP, and it is told', () => {
    expect(planned({ services: [] })).toMatchObject({
      slices: [{ endpoints: [{ addresses: ['10.42.1.5'] }, { addresses: ['10.42.1.6'] }] }],
      notes: ['not every ClusterIP of east is routed from here, so its pods serve: see the problems of its Peers'],
    });
  });

  test('never has an address of Services as that of a pod', () => {
    const { services: _none, ...pods } = { ...exporter('east', ['10.96.3.4', '10.42.1.5']), services: [] };
    const plan = mirror(planImport(importInput({ exporters: [pods] })));
    expect(plan.slices.flatMap(({ endpoints }) => endpoints)).toMatchObject([{ addresses: ['10.42.1.5'] }]);
  });

  test('nothing but a ClusterIP of the ranges', () => {
    expect(planned({}, { clusterIPs: ['10.42.1.5'] })).toMatchObject({ notes: [expect.stringContaining('its pods serve')] });
  });
});
