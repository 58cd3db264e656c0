/**
 * What Kilo and we must agree on, for the inputs of random clusters (README.md): which nodes make a segment, what is behind it, how
 * a node's annotations are read, which networks beside nodes are reached. Where we differ, it is on purpose, and in a table.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { MeshNode } from '../../core/api/meshNode.js';
import { meshSpecSchema, type MeshSpec } from '../../core/api/meshSpec.js';
import { discover } from '../../core/host/discover.js';
import { claimPrefixes } from '../../core/mesh/claims.js';
import { peerSegments } from '../../core/mesh/peerSegments.js';
import { NO_SEGMENT, ownSegments, type Segment, segmentName } from '../../core/mesh/segments.js';
import { addressOf, type Cidr, contains, familyOf, formatCidr, overlaps, parseCidr } from '../../core/net/cidr.js';
import { fakeKey, externalPeer } from '../fakes/mesh.js';

interface Case {
  readonly id: number;
  readonly granularity: 'location' | 'full';
  readonly hostname: string;
  readonly nodes: readonly KiloNode[];
  readonly peers: readonly { readonly name: string; readonly allowedIPs: readonly string[] }[];
  /** The segment of `hostname`. */
  readonly location: string;
  readonly segments: readonly KiloSegment[];
}

interface KiloNode {
  readonly name: string;
  readonly podCIDR: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Without the prefix kilo.squat.ai/. */
  readonly annotations: Readonly<Record<string, string>>;
}

interface KiloSegment {
  readonly name: string;
  readonly leader: string;
  readonly hostnames: readonly string[];
  readonly cidrs: readonly string[];
  readonly privateIPs: readonly string[] | null;
  readonly allowedLocationIPs: readonly string[] | null;
  readonly wireGuardIP: string;
  readonly endpoint: string;
  readonly persistentKeepalive: number;
}

const CASES: readonly Case[] = readFileSync(new URL('../../../test/kilo/topology.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Case);

/**
 * What Kilo's agent finds on its host and writes to `endpoint` and `internal-ip`, ours reads in the Node's addresses and on its own host.
 */
function meshNode(node: KiloNode, granularity: MeshSpec['granularity']): MeshNode {
  const { endpoint = '', 'internal-ip': internal = '', ...others } = node.annotations;
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(endpoint) ?? [];
  const address = addressOf(internal);
  const { spec } = discover({
    node: {
      metadata: {
        name: node.name,
        labels: { ...node.labels },
        annotations: Object.fromEntries(Object.entries(others).map(([key, value]) => [`kilo.squat.ai/${key}`, value])),
      },
      spec: { podCIDR: node.podCIDR },
      status: { addresses: [...(address === undefined ? [] : [{ type: 'InternalIP', address }]), { type: 'ExternalIP', address: host }] },
    },
    mesh: meshSpecSchema.parse({ granularity, port: Number(port) }),
    addresses: address === undefined ? [] : [{ address, prefixLength: Number(internal.split('/')[1]), dev: 'eth0', mtu: 1500 }],
    publicKey: fakeKey(node.name),
  });
  return { apiVersion: 'kilofed.io/v1alpha1', kind: 'MeshNode', metadata: { name: node.name }, spec, status: { meshAddresses: [] } };
}

interface Ours {
  readonly nodes: readonly MeshNode[];
  readonly segments: readonly Segment[];
}

function ours({ granularity, nodes }: Case): Ours {
  const own = nodes.map((node) => meshNode(node, granularity));
  return { nodes: own, segments: ownSegments(own, { granularity, planes: 2 }).segments };
}

const hasHostBits = (text: string): boolean => text.split('/')[0] !== formatCidr(parseCidr(text) as Cidr).split('/')[0];

describe('as Kilo has it', () => {
  test('there are cases of both granularities', () => {
    expect(new Set(CASES.map(({ granularity }) => granularity))).toEqual(new Set(['location', 'full']));
    expect(CASES.length).toBeGreaterThan(80);
  });

  test.each(CASES.map((one) => [one.id, one] as const))('case %i: names of segments, and their nodes', (_id, one) => {
    const { nodes, segments } = ours(one);
    expect(segments.map(({ name, nodes: names }) => [name, names])).toEqual(one.segments.map(({ name, hostnames }) => [name, hostnames]));
    const self = nodes.find(({ metadata }) => metadata.name === one.hostname);
    expect(self === undefined ? '' : segmentName(self, one.granularity)).toBe(one.location);
  });

  test.each(CASES.map((one) => [one.id, one] as const))(
    'case %i: what is behind each, but for pod CIDRs with host bits, which Kubernetes does not give',
    (_id, one) => {
      const { nodes } = ours(one);
      for (const { hostnames, cidrs, privateIPs } of one.segments) {
        const members = nodes.filter(({ metadata }) => hostnames.includes(metadata.name));
        const strange = new Set(
          one.nodes.filter(({ podCIDR }) => hasHostBits(podCIDR)).map(({ podCIDR }) => formatCidr(parseCidr(podCIDR) as Cidr)),
        );
        expect(new Set(members.flatMap(({ spec }) => spec.podCIDRs))).toEqual(new Set(cidrs.filter((each) => !strange.has(each))));
        expect(new Set(members.flatMap(({ spec }) => spec.internalIPs.map(addressOf)))).toEqual(new Set(privateIPs ?? []));
      }
    },
  );

  test.each(CASES.map((one) => [one.id, one] as const))('case %i: endpoints and keepalives of those that lead for Kilo', (_id, one) => {
    const { nodes } = ours(one);
    for (const { leader, endpoint, persistentKeepalive } of one.segments) {
      const { endpoints, persistentKeepalive: seconds } = nodes.find(({ metadata }) => metadata.name === leader)?.spec ?? {
        endpoints: [],
        persistentKeepalive: -1,
      };
      const [{ host, port } = { host: '', port: 0 }] = endpoints;
      expect([familyOf(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`, seconds]).toEqual([endpoint, persistentKeepalive]);
    }
  });
});

/** A network of `kilo.squat.ai/allowed-location-ips` that one of the two reaches and the other does not. */
interface Difference {
  readonly who: 'Kilo' | 'ours';
  /** As the annotation has it, trimmed. */
  readonly text: string;
  readonly segment: string;
  readonly at: Case;
}

interface Reason {
  readonly who: 'Kilo' | 'ours';
  readonly why: string;
  readonly applies: (difference: Difference) => boolean;
}

const cidr = (text: string): Cidr => parseCidr(text) as Cidr;
/** What other segments' nodes list. */
const listedElsewhere = ({ at, segment }: Difference): Cidr[] =>
  at.segments
    .filter(({ name }) => name !== segment)
    .flatMap(({ hostnames }) => at.nodes.filter(({ name }) => hostnames.includes(name)))
    .flatMap(listed)
    .map(cidr);
const prefixesOf = ({ at }: Difference): Cidr[] => [
  ...at.nodes.map(({ podCIDR }) => cidr(podCIDR)),
  ...at.segments.flatMap(({ privateIPs, wireGuardIP }) => [...(privateIPs ?? []), wireGuardIP]).map(cidr),
];

/** Every difference is one of these, and each of them occurs. */
const REASONS: readonly Reason[] = [
  {
    who: 'Kilo',
    why: 'host bits: left out and told, since nobody can know whether the address or its network is meant',
    applies: ({ text }) => hasHostBits(text),
  },
  {
    who: 'Kilo',
    why: 'everything: would carry the tunnels themselves',
    applies: ({ text }) => text === '0.0.0.0/0',
  },
  {
    who: 'Kilo',
    why: 'the same in two locations: the first by name has it, so that a new location takes nothing; for Kilo the last has it',
    applies: (one) => listedElsewhere(one).some((other) => formatCidr(other) === one.text),
  },
  {
    who: 'ours',
    why: 'blanks around an item do not count',
    applies: ({ at, text }) =>
      at.nodes.some(({ annotations }) => (annotations['allowed-location-ips'] ?? '').split(',').includes(` ${text}`)),
  },
  {
    who: 'ours',
    why: 'overlaps a network of another location: the longer prefix wins, nobody loses all',
    applies: (one) => listedElsewhere(one).some((other) => overlaps(other, cidr(one.text))),
  },
  {
    who: 'ours',
    why: "overlaps somebody's Peer: the longer prefix wins here too, and a Peer takes nothing from the cluster",
    applies: ({ at, text }) => at.peers.some(({ allowedIPs }) => allowedIPs.some((each) => overlaps(cidr(each), cidr(text)))),
  },
  {
    who: 'ours',
    why: 'begins with the address of a pod or node but is wider than theirs, which keep what is their own',
    applies: (one) =>
      prefixesOf(one).some((own) => own.length > cidr(one.text).length && contains(own, { ...cidr(one.text), length: own.length })),
  },
  {
    who: 'ours',
    why: "is an address out of Kilo's WireGuard range, of which nodes here have others",
    applies: (one) => one.at.segments.some(({ wireGuardIP }) => `${wireGuardIP}/32` === one.text),
  },
];

function listed({ annotations }: KiloNode): string[] {
  return (annotations['allowed-location-ips'] ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => parseCidr(each) !== undefined);
}

/** Seen from a node elsewhere, that is in no segment's way itself. */
function granted(one: Case): ReadonlyMap<string, readonly string[]> {
  const { segments } = ours(one);
  const external = peerSegments(one.peers.map(({ name, allowedIPs }) => externalPeer(name, { allowedIPs: [...allowedIPs] }))).segments;
  const { prefixes } = claimPrefixes({ own: NO_SEGMENT, remote: [...segments, ...external] });
  return new Map([...prefixes].map(([name, claims]) => [name, claims.filter(({ kind }) => kind === 'location').map(({ text }) => text)]));
}

function differences(): Difference[] {
  return CASES.flatMap((at) => {
    const mine = granted(at);
    return at.segments.flatMap(({ name, allowedLocationIPs }): Difference[] => {
      const [here, there] = [mine.get(name) ?? [], allowedLocationIPs ?? []];
      return [
        ...there.filter((text) => !here.includes(text)).map((text): Difference => ({ who: 'Kilo', text, segment: name, at })),
        ...here.filter((text) => !there.includes(text)).map((text): Difference => ({ who: 'ours', text, segment: name, at })),
      ];
    });
  });
}

describe('networks beside nodes', () => {
  const found = differences();
  const reasonsFor = (difference: Difference): string[] =>
    REASONS.filter(({ who, applies }) => who === difference.who && applies(difference)).map(({ why }) => why);

  test('are mostly the same', () => {
    const same = CASES.flatMap((at) =>
      at.segments.flatMap(({ name, allowedLocationIPs }) =>
        (allowedLocationIPs ?? []).filter((text) => granted(at).get(name)?.includes(text)),
      ),
    );
    expect(same.length).toBeGreaterThan(50);
  });

  test('differ for a reason of the table only', () => {
    const unexplained = found
      .filter((one) => reasonsFor(one).length === 0)
      .map(({ at, who, segment, text }) => `case ${at.id}: only ${who} has ${text} in ${segment}`);
    expect(unexplained).toEqual([]);
  });

  test.each(REASONS.map(({ who, why }) => [who, why] as const))('only %s has what %s', (who, why) => {
    expect(found.some((one) => one.who === who && reasonsFor(one).includes(why))).toBe(true);
  });
});
