import { describe, expect, test } from '@jest/globals';
import { LABEL } from '../api/names.js';
import type { Peer } from '../api/peer.js';
import { externalPeer } from '../../test/fakes/mesh.js';
import { boundedPeers, namesOfMembers } from './boundedPeers.js';

const peer = (member: string | undefined, index: number, dns?: string): Peer => {
  const made = externalPeer(`${member ?? 'person'}-${String(index).padStart(5, '0')}`, {
    ...(dns === undefined ? {} : { endpoint: { dnsOrIP: { dns }, port: 1 } }),
  });
  return member === undefined
    ? made
    : { ...made, metadata: { ...made.metadata, labels: { [LABEL.managedBy]: 'kilofed-hub', [LABEL.cluster]: member } } };
};
const many = (member: string | undefined, count: number, name?: (index: number) => string): Peer[] =>
  Array.from({ length: count }, (_, index) => peer(member, index, name?.(index)));

describe('L7: of a member a node takes', () => {
  test('so many Peers, the first by name, and says what is left out', () => {
    const { peers, problems } = boundedPeers([...many('evil', 1500).toReversed(), ...many('good', 3)]);
    expect(peers).toHaveLength(1027);
    expect(problems).toEqual([
      {
        subject: { kind: 'peer', name: 'evil-01024' },
        reason: 'TooManyPeers',
        message: 'a node takes 1024 Peers of a member, so of evil evil-01024 and 475 others by name are left out',
      },
    ]);
  });

  test('so many names, however many Peers have them', () => {
    const { peers, problems } = boundedPeers(many('evil', 200, (index) => `n${index % 65}.example`));
    expect(new Set(peers.map(({ spec }) => spec.endpoint?.dnsOrIP.dns)).size).toBe(65);
    expect(peers.filter(({ spec }) => spec.endpoint === undefined).map(({ metadata }) => metadata.name)).toEqual([
      'evil-00064',
      'evil-00129',
      'evil-00194',
    ]);
    expect(problems.map(({ reason }) => reason)).toEqual(['TooManyNames']);
  });

  test('and of people all', () => {
    const peers = many(undefined, 3000, (index) => `n${index}.example`);
    expect(boundedPeers(peers)).toEqual({ peers, problems: [] });
  });
});

test('a name that people use as well is theirs', () => {
  const peers = [peer('evil', 1, 'a.example'), peer('evil', 2, 'b.example'), peer(undefined, 1, 'a.example')];
  expect([...namesOfMembers(peers)]).toEqual([['b.example', 'evil']]);
});
