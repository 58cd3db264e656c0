/**
 * What a hostile member may say: objects that are almost right, of which any part is replaced, and anything at all.
 */
import * as fc from 'fast-check';

export type Lie =
  | { readonly kind: 'show'; readonly plural: string; readonly item: unknown }
  | { readonly kind: 'say'; readonly plural: string; readonly line: string }
  | { readonly kind: 'answer'; readonly plural: string; readonly value: unknown }
  | { readonly kind: 'endWatches' | 'behave' };

/** Services that the honest members export, and some that they do not. */
const SHARED = ['web', 'shop', 'both'];
const NAMES = [...SHARED, 'own1', 'own2', 'evil1', 'evil2'];

/** Where others live: the honest members are n = 1 and 2 of fakeFederation.ts, the hostile one is 3. */
const ADDRESSES = [
  '10.3.0.5', '10.1.0.5', '10.2.0.5', '10.4.1.1', '10.4.2.1', '10.4.3.1', '10.77.1.1', '10.77.2.1', '10.77.3.1', '10.101.0.1',
  '10.102.0.10',
  '127.0.0.1', '169.254.169.254', '224.0.0.1', '255.255.255.255', '0.0.0.0', '8.8.8.8', '192.0.2.1', '192.0.2.2', '192.168.10.1',
  '::1', 'fe80::1', '::ffff:10.1.0.5', 'fd00::1', '2001:db8::1',
]; // prettier-ignore
const RANGES = [
  ...ADDRESSES, '0.0.0.0/0', '::/0', '128.0.0.0/1', '32.0.0.0/3', '10.0.0.0/8', '10.1.0.0/24', '10.1.0.0/16', '10.2.0.128/25',
  '10.77.1.0/24',
  '10.4.0.0/16', '10.4.2.0/24', '10.101.0.0/16', '192.168.10.0/24', '10.3.9.0/24', '8.8.8.8/32',
].map((range) => (range.includes('/') ? range : `${range}/${range.includes(':') ? 128 : 32}`)); // prettier-ignore
const KEYS = [1, 2, 3, 7].map((n) => Buffer.alloc(32, n).toString('base64'));
const TEXTS = [
  '', '.', '..', 'kube-system', 'default', 'demo', 'demo/web', 'alfa', 'bravo', '__proto__', 'constructor', 'toString',
  '\u001b[2K\u001b[1A', 'eu\n[Interface]\nPostUp = x', '\u202e',
  'true', 'false', 'None', '1970-01-01T00:00:00Z', 'kilofed-hub', 'u-alfa', 'u-bravo',
]; // prettier-ignore

const nasty: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<unknown>(...ADDRESSES, ...RANGES, ...KEYS, ...TEXTS, ...NAMES) },
  { weight: 2, arbitrary: fc.array(fc.constantFrom<unknown>(...RANGES, ...ADDRESSES), { maxLength: 4 }) },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(null, true, false, 0, -1, 1e9, 1.5, [], {}, [[]], [null], 'x'.repeat(5_000)) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.anything({ maxDepth: 2 }).map(asJson) },
);

const name = fc.constantFrom(...NAMES);
const address = fc.constantFrom(...ADDRESSES);
const annotations = fc.constantFrom<Readonly<Record<string, string>>>(
  { 'kilofed.io/export': 'true' },
  { 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'alfa' },
  { 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'alfa,bravo,nobody' },
);
const port = fc.record({
  name: fc.constantFrom('', 'http', 'x'),
  port: fc.constantFrom(80, 81, 6666),
  protocol: fc.constantFrom('TCP', 'UDP'),
});

const BASES: Readonly<Record<string, fc.Arbitrary<object>>> = {
  services: fc.record({ name, annotations, headless: fc.boolean(), ports: fc.array(port, { maxLength: 3 }) }).map((one) => ({
    metadata: {
      name: one.name,
      namespace: 'demo',
      uid: `u-${one.name}`,
      creationTimestamp: '1970-01-01T00:00:00Z',
      annotations: one.annotations,
    },
    spec: { type: 'ClusterIP', clusterIP: one.headless ? 'None' : '10.103.0.9', ipFamilies: ['IPv4'], ports: one.ports },
  })),
  endpointslices: fc
    .record({ name, addresses: fc.array(address, { maxLength: 2 }), ports: fc.array(port, { maxLength: 2 }) })
    .map((one) => ({
      metadata: { name: `${one.name}-1`, namespace: 'demo', uid: `s-${one.name}`, labels: { 'kubernetes.io/service-name': one.name } },
      addressType: 'IPv4',
      ports: one.ports,
      endpoints: [{ addresses: one.addresses, conditions: { ready: true }, hostname: 'github' }],
    })),
  meshes: fc.constantFrom('10.4.3.0/24', '10.4.1.0/24', '10.4.0.0/16', '8.8.8.0/24').map((range) => ({
    metadata: { name: 'default' },
    spec: { wireguardCIDRs: [range] },
    status: { serviceCIDRs: ['10.103.0.0/16'] },
  })),
  meshnodes: fc
    .record({
      n: fc.constantFrom(3, 4),
      key: fc.constantFrom(...KEYS),
      podCIDRs: fc.array(fc.constantFrom(...RANGES), { maxLength: 3 }),
      host: address,
      mesh: address,
      slot: fc.constantFrom(0, 1),
    })
    .map((one) => ({
      metadata: { name: `n${one.n}` },
      spec: {
        publicKey: one.key,
        endpoints: [{ host: one.host, port: 51820 }],
        internalIPs: [`10.77.${one.n}.1/24`],
        podCIDRs: one.podCIDRs,
        location: '',
      },
      status: { meshAddresses: [one.mesh], slot: one.slot },
    })),
  namespaces: fc
    .constantFrom('demo', 'kube-system', 'other')
    .map((namespace) => ({ metadata: { name: namespace, uid: 'u-alfa', labels: {} } })),
  peers: name.map((peer) => ({
    metadata: { name: peer, labels: { 'kilofed.io/managed-by': 'kilofed-hub', 'kilofed.io/cluster': 'bravo' } },
    spec: { publicKey: KEYS[1], allowedIPs: ['10.2.0.0/24'] },
  })),
  serviceimports: name.map((one) => ({
    metadata: {
      name: one,
      namespace: 'demo',
      labels: { 'kilofed.io/managed-by': 'kilofed-hub' },
      annotations: { 'kilofed.io/exporters': 'alfa,bravo' },
    },
    spec: { type: 'ClusterSetIP', ports: [] },
  })),
  serviceexports: name.map((one) => ({
    metadata: { name: one, namespace: 'demo', labels: { 'kilofed.io/managed-by': 'kilofed-hub' } },
    spec: {},
  })),
};
const plural = fc.constantFrom(...Object.keys(BASES));

/** An object of some kind, with up to three parts replaced by whatever comes. */
const shown: fc.Arbitrary<Lie> = plural.chain((kind) =>
  fc
    .tuple(BASES[kind] as fc.Arbitrary<object>, fc.array(fc.tuple(fc.nat(1_000), nasty), { maxLength: 3 }))
    .map(([base, changes]) => ({ kind: 'show' as const, plural: kind, item: changes.reduce(replacePart, base) })),
);

export const lie: fc.Arbitrary<Lie> = fc.oneof(
  { weight: 12, arbitrary: shown },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('show' as const), plural, item: nasty }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('say' as const), plural, line: fc.oneof(fc.string(), watchEvent()) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('answer' as const),
      plural: fc.oneof(plural, fc.constant('version')),
      value: fc.oneof(nasty, list()),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('endWatches' as const, 'behave' as const) }) },
);

function watchEvent(): fc.Arbitrary<string> {
  return fc
    .record({ type: fc.oneof(fc.constantFrom('ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR'), nasty), object: nasty })
    .map((event) => JSON.stringify(event) ?? 'null');
}

function list(): fc.Arbitrary<unknown> {
  return fc.record({
    metadata: fc.record({ resourceVersion: nasty, continue: nasty }),
    items: fc.oneof(nasty, fc.array(nasty, { maxLength: 3 })),
  });
}

/** Replaces the part that `[which, by]` chooses. */
function replacePart<T>(value: T, [which, by]: readonly [number, unknown]): T {
  const paths = pathsOf(value);
  const path = paths[which % paths.length] as readonly (string | number)[];
  return replaceAt(value, path, by) as T;
}

function pathsOf(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const below = Array.isArray(value)
    ? value.flatMap((each, index) => pathsOf(each, [...path, index]))
    : Object.entries(value).flatMap(([key, each]) => pathsOf(each, [...path, key]));
  return [path, ...below];
}

function replaceAt(value: unknown, [head, ...rest]: readonly (string | number)[], by: unknown): unknown {
  if (head === undefined) return by;
  if (Array.isArray(value)) return value.map((each, index) => (index === head ? replaceAt(each, rest, by) : each));
  return { ...(value as object), [head]: replaceAt((value as Readonly<Record<string, unknown>>)[head], rest, by) };
}

/** As it comes through JSON. */
function asJson(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value) ?? 'null');
  } catch {
    return null;
  }
}
