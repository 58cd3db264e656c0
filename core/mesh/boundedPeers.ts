/**
 * How many Peers of another member a node takes, and how many DNS names of theirs it asks for. The hub keeps a member below both; this is
 * the second line. People write as many as they like.
 */
import { HUB_MANAGER, LABEL } from '../api/names.js';
import type { Peer } from '../api/peer.js';
import type { Problem } from '../api/problem.js';
import { groupByName } from './groupByName.js';

const MAX_PEERS = 1024;
const MAX_NAMES = 64;

interface BoundedPeers {
  /** In the order given; endpoints whose names are too many are left out. */
  readonly peers: readonly Peer[];
  readonly problems: readonly Problem[];
}

export function boundedPeers(all: readonly Peer[]): BoundedPeers {
  const members = groupByName(
    all.filter((peer) => memberOf(peer) !== undefined),
    (peer) => memberOf(peer) ?? '',
  ).map(([member, peers]) => ({ member, peers: peers.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)) }));
  const surplus = new Set<Peer>(members.flatMap(({ peers }) => peers.slice(MAX_PEERS)));
  const unnamed = new Set<Peer>();
  for (const { peers } of members) {
    const names = new Set<string>();
    for (const peer of peers.slice(0, MAX_PEERS)) {
      const name = nameOf(peer);
      if (name === undefined || names.has(name)) continue;
      if (names.size < MAX_NAMES) names.add(name);
      else unnamed.add(peer);
    }
  }
  return {
    peers: all.flatMap((peer) => (surplus.has(peer) ? [] : unnamed.has(peer) ? [undialled(peer)] : [peer])),
    problems: members.flatMap(({ member, peers }) => [
      ...tooMany(
        peers.filter((peer) => surplus.has(peer)),
        'TooManyPeers',
        `a node takes ${MAX_PEERS} Peers of a member, so of ${member}`,
      ),
      ...tooMany(
        peers.filter((peer) => unnamed.has(peer)),
        'TooManyNames',
        `a node asks for ${MAX_NAMES} names of a member, so of ${member} the endpoints of`,
      ),
    ]),
  };
}

/** By DNS name that only other members' endpoints have: the first member that has it. */
export function namesOfMembers(peers: readonly Peer[]): ReadonlyMap<string, string> {
  const people = new Set(peers.filter((peer) => memberOf(peer) === undefined).map(nameOf));
  return new Map(
    peers.flatMap((peer): [string, string][] => {
      const [member, name] = [memberOf(peer), nameOf(peer)];
      return member === undefined || name === undefined || people.has(name) ? [] : [[name, member]];
    }),
  );
}

function memberOf({ metadata: { labels } }: Peer): string | undefined {
  return labels?.[LABEL.managedBy] === HUB_MANAGER ? (labels[LABEL.cluster] ?? '') : undefined;
}

function nameOf({ spec: { endpoint } }: Peer): string | undefined {
  return endpoint?.dnsOrIP.dns;
}

function undialled(peer: Peer): Peer {
  const { endpoint: _endpoint, ...spec } = peer.spec;
  return { ...peer, spec };
}

function tooMany(peers: readonly Peer[], reason: 'TooManyPeers' | 'TooManyNames', because: string): Problem[] {
  const [first, ...more] = peers.map(({ metadata: { name } }) => name);
  if (first === undefined) return [];
  const others = more.length === 0 ? 'is' : `and ${more.length} others by name are`;
  return [{ subject: { kind: 'peer', name: first }, reason, message: `${because} ${first} ${others} left out` }];
}
