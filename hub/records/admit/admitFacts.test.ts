import { describe, expect, test } from '@jest/globals';
import { meshSpecSchema } from '../../../core/api/meshSpec.js';
import { readMesh, readMeshNode } from '../facts.js';
import { type Admitted, createAdmission } from './admitFacts.js';
import type { RangeTerms } from './admitRange.js';
import { registeredSegments } from './registeredSegments.js';

interface Sketch {
  readonly pods?: readonly string[];
  /** What its network plugin says. */
  readonly assigned?: readonly string[];
  readonly mesh?: readonly string[];
  readonly hosts?: readonly string[];
  readonly internal?: readonly string[];
  readonly location?: string;
  readonly slot?: number | undefined;
}

const NOTHING_DECLARED: RangeTerms = { allowed: undefined, reserved: [], place: 'secret kilofed/member-east' };

function admit(
  nodes: Readonly<Record<string, Sketch>>,
  terms: Partial<RangeTerms> = {},
  mesh: { readonly spec?: object; readonly status?: object } = {},
): Admitted {
  const read = readMesh({
    apiVersion: 'kilofed.io/v1alpha1',
    kind: 'Mesh',
    metadata: { name: 'default' },
    spec: meshSpecSchema.parse({ wireguardCIDRs: ['10.4.1.0/24'], ...mesh.spec }),
    status: mesh.status,
  } as never);
  if (!read.ok) throw new Error(read.error.message);
  return createAdmission({ ...NOTHING_DECLARED, ...terms })(
    read.value,
    Object.keys(nodes)
      .toSorted()
      .map((name) => meshNode(name, nodes[name] ?? {})),
  );
}

function meshNode(name: string, sketch: Sketch): Extract<ReturnType<typeof readMeshNode>, { ok: true }>['value'] {
  const { pods = [], assigned, mesh = [], hosts = [], internal = [], location = '', slot } = sketch;
  const read = readMeshNode({
    apiVersion: 'kilofed.io/v1alpha1',
    kind: 'MeshNode',
    metadata: { name },
    spec: {
      publicKey: Buffer.alloc(32, name).toString('base64'),
      endpoints: hosts.map((host) => ({ host, port: 51820 })),
      internalIPs: internal,
      podCIDRs: pods,
      location,
    },
    status: {
      meshAddresses: mesh,
      ...(slot !== undefined && { slot }),
      ...(assigned !== undefined && {
        verified: { location, podCIDRs: pods, internalIPs: [], endpoints: [] },
        assignedPods: { by: 'calico', cidrs: assigned },
      }),
    },
  } as never);
  if (!read.ok) throw new Error(read.error.message);
  return read.value;
}

const reasons = ({ problems }: Admitted): string[] => problems.map(({ reason }) => reason);

describe('C1: what a member says that a network plugin gave to a node', () => {
  const sketch = { pods: ['10.1.0.0/24'], internal: ['172.20.1.11/24'], hosts: ['172.20.1.11'], slot: 0 };
  /** What others route to it. */
  const routed = ({ facts }: Admitted): string[] =>
    registeredSegments(facts).segments.flatMap(({ allowedIPs }) => allowedIPs.filter((each) => !each.endsWith('/32')));

  test('takes the place of what its Node says', () => {
    const admitted = admit({ a: { ...sketch, assigned: ['10.244.1.0/26', '10.244.7.64/26'] } });
    expect([admitted.facts.podCIDRs, routed(admitted), reasons(admitted)]).toEqual([
      ['10.244.1.0/26', '10.244.7.64/26'],
      ['10.244.1.0/26', '10.244.7.64/26'],
      [],
    ]);
  });

  test('is refused as the same range of a Node is, and stays so', () => {
    const lies = ['10.244.1.0/26', '8.8.8.0/24', '32.0.0.0/3', '127.0.0.0/8', '10.3.9.0/24'];
    const admitted = admit({ a: { ...sketch, assigned: lies } }, { reserved: [{ cidr: '10.3.0.0/16', member: 'west' }] });
    expect([admitted.facts.podCIDRs, routed(admitted)]).toEqual([['10.244.1.0/26'], ['10.244.1.0/26']]);
    expect(new Set(reasons(admitted))).toEqual(new Set(['NotAllowed', 'SpecialRange']));
  });

  test('H8: has the bound of all pod CIDRs, and what is left out stays so', () => {
    const names = Array.from({ length: 65 }, (_, index) => `n${String(index).padStart(2, '0')}`);
    const admitted = admit(
      Object.fromEntries(
        names.map((name, node) => [
          name,
          {
            ...sketch,
            internal: [`172.20.1.${node + 1}/24`],
            slot: undefined,
            assigned: Array.from({ length: 64 }, (_, index) => `10.${node}.${index * 2}.0/26`),
          },
        ]),
      ),
    );
    expect([routed(admitted).length, reasons(admitted)]).toEqual([4_096, ['TooManyPodCIDRs']]);
  });
});

describe('C1: a member has only private ranges, unless more is declared', () => {
  test.each<[string, string, Partial<RangeTerms>, string | undefined]>([
    ['private', '10.1.0.0/16', {}, undefined],
    ['all of 10/8', '10.0.0.0/8', {}, undefined],
    ['RFC 1918, the second', '172.31.0.0/16', {}, undefined],
    ["carriers'", '100.64.0.0/10', {}, 'SpecialRange'],
    ["carriers', without a metadata service", '100.65.0.0/16', {}, undefined],
    ['local IPv6', 'fd00:1::/48', {}, undefined],
    ['the widest of local IPv6', 'fd00::/32', {}, undefined],
    ['a resolver', '8.8.8.8/32', {}, 'NotAllowed'],
    ['a third of everything', '32.0.0.0/3', {}, 'NotAllowed'],
    ['half of everything', '128.0.0.0/1', {}, 'SpecialRange'],
    ['around what is private', '172.0.0.0/8', {}, 'NotAllowed'],
    ['around what is private, by one bit', '192.168.0.0/15', {}, 'NotAllowed'],
    ['public IPv6', '2001:db8::/48', {}, 'NotAllowed'],
    ['all that is local IPv6', 'fc00::/7', {}, 'NotAllowed'],
    ['too much of local IPv6', 'fd00::/31', {}, 'NotAllowed'],
    ['loopback', '127.0.0.0/8', {}, 'SpecialRange'],
    ['link-local', '169.254.0.0/16', {}, 'SpecialRange'],
    ['everything', '0.0.0.0/0', {}, 'SpecialRange'],
    ['multicast', '224.0.0.0/4', {}, 'SpecialRange'],
    ['everything in IPv6', '::/0', {}, 'SpecialRange'],
    ['link-local IPv6', 'fe80::/64', {}, 'SpecialRange'],
    ['the metadata service of AWS', 'fd00:ec2::/64', {}, 'SpecialRange'],
    ['what is declared', '203.0.113.0/24', { allowed: ['203.0.113.0/24'] }, undefined],
    ['part of it', '203.0.113.128/25', { allowed: ['203.0.113.0/24'] }, undefined],
    ['what two entries make up', '203.0.113.0/24', { allowed: ['203.0.113.0/25', '203.0.113.128/25'] }, undefined],
    ['more than is declared', '203.0.112.0/23', { allowed: ['203.0.113.0/24'] }, 'NotAllowed'],
    ['private, and not declared', '10.1.0.0/16', { allowed: ['203.0.113.0/24'] }, 'NotAllowed'],
    ['anything, where nothing is allowed', '10.1.0.0/16', { allowed: [] }, 'NotAllowed'],
    ['too much, though declared', '128.0.0.0/7', { allowed: ['128.0.0.0/4'] }, 'NotAllowed'],
    ['loopback, though declared', '127.0.0.0/8', { allowed: ['0.0.0.0/0'] }, 'SpecialRange'],
    ["another member's", '10.3.9.0/24', { reserved: [{ cidr: '10.3.0.0/16', member: 'west' }] }, 'NotAllowed'],
    ["around another member's", '10.0.0.0/8', { reserved: [{ cidr: '10.3.0.0/16', member: 'west' }] }, 'NotAllowed'],
    [
      "another member's, declared for both",
      '10.3.9.0/24',
      { allowed: ['10.3.9.0/24'], reserved: [{ cidr: '10.3.0.0/16', member: 'west' }] },
      undefined,
    ],
  ])('%s: %s', (_name, range, terms, reason) => {
    const allowed = terms.allowed === undefined || terms.allowed.length === 0 ? {} : { allowed: [...terms.allowed, '10.4.1.0/24'] };
    for (const [where, found] of [
      ['a node', admit({ a: { pods: [range] } }, { ...terms, ...allowed })],
      ['the status', admit({}, { ...terms, ...allowed }, { status: { podCIDRs: [range] } })],
    ] as const) {
      // A metadata service matters where it is routed.
      const refused = reason !== undefined && !(where === 'the status' && /^100\.64|ec2/.test(range));
      expect([where, found.facts.podCIDRs]).toEqual([where, refused ? [] : [range]]);
      if (refused) expect(reasons(found)).toContain(reason);
      expect(found.facts.nodes.flatMap(({ spec }) => spec.podCIDRs)).toEqual(refused || where === 'the status' ? [] : [range]);
    }
  });

  test('one problem tells of all that is left out, and where to declare it', () => {
    const { problems } = admit({ a: { pods: ['8.8.8.8/32', '1.1.1.1/32'] }, b: { pods: ['9.9.9.9/32'] } });
    expect(problems).toEqual([
      {
        subject: { kind: 'mesh' },
        reason: 'NotAllowed',
        message:
          'ranges that are not private are left out unless they are declared for the member: ' +
          '8.8.8.8/32 (a), 1.1.1.1/32 (a), 9.9.9.9/32 (b)',
        remedy:
          'if they are its own, declare all ranges of its pods, mesh addresses, Services and nodes: ' +
          'annotation kilofed.io/allowed-cidrs of secret kilofed/member-east',
      },
    ]);
  });
});

describe('C2: mesh addresses', () => {
  test.each([
    ['of its own range', ['10.4.1.7'], ['10.4.1.7'], []],
    ["another member's pod", ['10.50.0.7'], [], ['NotAllowed']],
    ["the target's DNS", ['10.96.0.10'], [], ['NotAllowed']],
    ['one good, one not', ['10.4.1.7', 'fd00::7'], ['10.4.1.7'], ['NotAllowed']],
  ])('%s', (_name, addresses, expected, problems) => {
    const found = admit({ a: { mesh: addresses } });
    expect(found.facts.nodes.map(({ status }) => status?.meshAddresses)).toEqual([expected]);
    expect(reasons(found)).toEqual(problems);
  });

  test('a range of mesh addresses that is not admitted has none', () => {
    const found = admit({ a: { mesh: ['8.8.8.8'] } }, {}, { spec: { wireguardCIDRs: ['8.8.8.0/24'] } });
    expect([found.facts.meshCIDRs, found.facts.nodes[0]?.status?.meshAddresses]).toEqual([[], []]);
    expect(reasons(found)).toContain('NotAllowed');
  });
});

describe('L7: hosts that nobody is told to dial', () => {
  test.each([
    ['192.0.2.7', true],
    ['10.1.2.3', true],
    ['2001:db8::7', true],
    ['gate.example.org', true],
    ['gate', true],
    ['7.example.org', true],
    ['127.0.0.1', false],
    ['169.254.169.254', false],
    ['fe80::1', false],
    ['0.0.0.0', false],
    ['255.255.255.255', false],
    ['224.0.0.1', false],
    ['fd00:ec2::254', false],
    ['100.100.100.200', false],
    ['localhost', false],
    ['a.localhost', false],
    ['127.1', false],
    ['2130706433', false],
    ['0x7f000001', false],
    ['1.2.3.0x4', false],
    [`${'a'.repeat(64)}.example.org`, false],
  ])('%s: %j', (host, isDialled) => {
    const found = admit({ a: { hosts: [host], slot: 0 } });
    expect(found.facts.nodes[0]?.spec.endpoints.map((each) => each.host)).toEqual(isDialled ? [host] : []);
    expect(reasons(found)).toEqual(isDialled ? [] : ['EndpointRefused']);
  });

  test('64 names of gateways by name of the node, and those of other nodes are not counted', () => {
    const nodes = Object.fromEntries(
      Array.from({ length: 70 }, (_, index) => [
        `n${String(index).padStart(2, '0')}`,
        { hosts: [`gate-${index}.example.org`, '192.0.2.1'], slot: 0 },
      ]),
    );
    const found = admit({ ...nodes, a: { hosts: ['laptop.example.org'] } });
    const named = found.facts.nodes.filter(({ spec }) => spec.endpoints.length === 2).map(({ metadata }) => metadata.name);
    expect(named).toEqual(Object.keys(nodes).slice(0, 64));
    expect(found.problems).toEqual([
      expect.objectContaining({ reason: 'TooManyNames', message: expect.stringContaining('gate-64.example.org, gate-65.example.org') }),
    ]);
  });
});

describe('H8: numbers', () => {
  const many = (count: number, sketch: (index: number) => Sketch): Readonly<Record<string, Sketch>> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${String(index).padStart(5, '0')}`, sketch(index)]));

  test('2,000 MeshNodes by name', () => {
    const found = admit(many(2_003, (index) => ({ internal: [`10.77.${index >> 8}.${index & 255}/16`] })));
    expect([found.facts.nodes.length, found.facts.nodes.at(-1)?.metadata.name]).toEqual([2_000, 'n01999']);
    expect(found.problems).toEqual([
      {
        subject: { kind: 'mesh' },
        reason: 'TooManyMeshNodes',
        message: 'it has 2003 MeshNodes, and others take 2000: n02000, n02001, n02002 are left out',
      },
    ]);
  });

  test('4,096 pod CIDRs', () => {
    const found = admit(
      many(300, (index) => ({
        pods: Array.from({ length: 16 }, (_, at) => `10.${index >> 4}.${(index & 15) * 16 + at}.0/24`),
        internal: [`10.77.${index >> 8}.${index & 255}/16`],
      })),
    );
    expect(found.facts.nodes.filter(({ spec }) => spec.podCIDRs.length > 0)).toHaveLength(256);
    expect(reasons(found)).toEqual(['TooManyPodCIDRs']);
  });

  test.each([
    ['location', 64, 65],
    ['full', 512, 520],
    ['cross', 512, 520],
  ] as const)('segments with granularity %s: %d', (granularity, most, count) => {
    const found = (nodes: number): Admitted =>
      admit(
        many(nodes, (index) => ({ location: `l${index}`, internal: [`10.77.${index >> 8}.${index & 255}/16`] })),
        {},
        { spec: { granularity } },
      );
    expect(reasons(found(most))).toEqual([]);
    expect(reasons(found(count))).toEqual(['TooManySegments']);
  });

  test('a problem does not grow with what it is about', () => {
    const found = admit(
      many(2_000, (index) => ({ pods: [`9.${index >> 8}.${index & 255}.0/24`], mesh: ['9.9.9.9'], hosts: ['localhost'] })),
    );
    expect(JSON.stringify(found.problems).length).toBeLessThan(2_000);
  });
});

test("declared ranges bound a member's node addresses and Services, too", () => {
  const node = { internal: ['192.168.1.5/24'] };
  expect([...admit({ a: node }).facts.nodeAddresses]).toEqual(['192.168.1.5/32']);
  const found = admit({ a: node }, { allowed: ['10.0.0.0/8'] }, { status: { serviceCIDRs: ['172.30.0.0/16'] } });
  expect([...found.facts.nodeAddresses]).toEqual([]);
  expect(found.facts.nodes[0]?.spec.internalIPs).toEqual(['192.168.1.5/24']);
  expect(found.facts.serviceCIDRs).toEqual(['172.30.0.0/16']);
  expect(found.problems.map(({ message }) => message)).toEqual([
    'ranges outside of those that are declared for the member are left out: 172.30.0.0/16 (its Mesh), 192.168.1.5/32 (a)',
  ]);
});

test.each<[string, Partial<RangeTerms>, readonly string[], readonly string[]]>([
  ['what is declared', { services: ['10.97.0.0/16', '10.96.0.0/16', 'fd00:96::/112'] }, ['10.96.0.0/15', 'fd00:96::/112'], []],
  ['nothing that is not private', { services: ['203.0.113.0/24'] }, [], ['NotAllowed']],
  ['nothing special', { services: ['169.254.0.0/16'] }, [], ['SpecialRange']],
  ['nothing around a metadata service', { services: ['100.64.0.0/10'] }, [], ['SpecialRange']],
  ['nothing wide', { services: ['10.0.0.0/7'] }, [], ['NotAllowed']],
  [
    'nothing outside of what is declared for all of it',
    { services: ['10.96.0.0/16'], allowed: ['10.1.0.0/16', '10.4.1.0/24'] },
    [],
    ['NotAllowed'],
  ],
  ['nothing of another member', { services: ['10.96.0.0/16'], reserved: [{ cidr: '10.96.0.0/12', member: 'west' }] }, [], ['NotAllowed']],
  ['nothing around its pods', { services: ['10.0.0.0/12', '10.96.0.0/16'] }, ['10.96.0.0/16'], ['NotAllowed']],
  ['nothing of its mesh addresses', { services: ['10.4.1.0/25'] }, [], ['NotAllowed']],
  ['nothing around an address of a node', { services: ['172.20.0.0/16'] }, [], ['NotAllowed']],
  ['nothing around an endpoint', { services: ['172.21.0.0/16'] }, [], ['NotAllowed']],
])('C1: ranges of Services: %s is routed', (_what, terms, routed, expected) => {
  const node = { pods: ['10.1.0.0/24'], internal: ['172.20.0.5/24'], hosts: ['172.21.0.5', 'gate.example.org'] };
  const found = admit({ a: node }, terms);
  expect([found.facts.routedServiceCIDRs, reasons(found).filter((each) => each !== 'BadTerms')]).toEqual([routed, expected]);
});

test('C1: what a member says of its Services is not routed', () => {
  const found = admit({}, {}, { status: { serviceCIDRs: ['10.96.0.0/16'] }, spec: { serviceCIDRs: ['10.97.0.0/16'] } });
  expect(found.facts.routedServiceCIDRs).toEqual([]);
});

test('nodes that did not change are the same objects', () => {
  const admission = createAdmission(NOTHING_DECLARED);
  const mesh = { spec: meshSpecSchema.parse({}), apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' } } as const;
  const [a, b] = [meshNode('a', { pods: ['8.8.8.8/32'] }), meshNode('b', {})];
  const first = admission(mesh, [a, b]).facts;
  const second = admission(mesh, [a, meshNode('b', { pods: ['10.1.0.0/24'] })]).facts;
  expect(second.nodes[0]).toBe(first.nodes[0]);
  expect(second.nodes[1]).not.toBe(first.nodes[1]);
});
