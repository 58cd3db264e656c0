import { describe, expect, test } from '@jest/globals';
import { meshSpecSchema } from '../core/api/meshSpec.js';
import type { KubeObject } from '../core/api/resources.js';
import { asPeers, cluster, fakeKey, externalPeer } from '../test/fakes/mesh.js';
import { peerFacts } from './facts.js';
import { type NameOutcome, planPeers } from './planPeers.js';

const nodes = cluster([{ name: 'a', location: 'eu', internalIP: '172.20.1.11/24', podCIDR: '10.42.1.0/24' }], '10.4.0.0/16');
const far = cluster([{ name: 'w', location: 'far', internalIP: '172.20.9.11/24', podCIDR: '10.45.1.0/24' }], '10.5.0.0/16');

const seen = (name: string, spec: object, more: object = {}): KubeObject => ({
  apiVersion: 'kilo.squat.ai/v1alpha1',
  kind: 'Peer',
  metadata: { name, generation: 4, ...more },
  ...{ spec },
});

/** `status reason: message` of each. */
function verdicts(objects: readonly KubeObject[], mesh = {}): Record<string, string> {
  const planned = planPeers({ mesh: meshSpecSchema.parse(mesh), nodes, peers: objects.map(peerFacts), outcomeOf });
  return Object.fromEntries(
    [...planned].map(([name, { conditions }]) => [
      name,
      conditions.map(({ status, reason, message }) => `${status} ${reason}${message === '' ? '' : `: ${message}`}`).join(),
    ]),
  );
}

const outcomeOf = (name: string): NameOutcome => (name === 'nowhere.example' ? 'failed' : name === 'soon.example' ? 'asking' : 'answered');
const good = externalPeer('laptop').spec;
const at = (dns: string): object => ({ ...good, endpoint: { dnsOrIP: { dns }, port: 51_820 } });

describe('the condition of a Peer', () => {
  test.each<[string, object, string]>([
    ['nothing is wrong', good, 'True Meshed'],
    [
      "a prefix is a node's",
      { ...good, allowedIPs: ['10.42.1.0/24'] },
      'False PrefixTaken: 10.42.1.0/24 already belongs to location:eu: remove it from one of the two',
    ],
    [
      'several prefixes: all are told',
      { ...good, allowedIPs: ['0.0.0.0/0', '127.0.0.0/8'] },
      'False DefaultRoute: 0.0.0.0/0 would carry the tunnels themselves: list the networks behind it instead; ' +
        '127.0.0.0/8 touches a loopback, link-local, multicast or reserved range: leave it out',
    ],
    [
      'it is no Peer: the field, and not the secret in it',
      { ...good, presharedKey: 'sesame' },
      'False Invalid: is ignored until it is corrected: spec.presharedKey: must be a WireGuard key as wg prints it: 32 bytes in base64, ' +
        '44 characters; leave an optional key out instead of writing an empty one',
    ],
    ['its name has an address', at('home.example'), 'True Meshed'],
    [
      'its name has none',
      at('nowhere.example'),
      'False Unresolved: no address and port can be made of its endpoint nowhere.example:51820: correct the name, or the port',
    ],
    [
      'a field is missing',
      { publicKey: fakeKey('x') },
      'False Invalid: is ignored until it is corrected: spec.allowedIPs: Invalid input: expected array, received undefined',
    ],
  ])('%s', (_what, spec, expected) => {
    expect(verdicts([seen('laptop', spec)])).toEqual({ laptop: expected });
  });

  test('those of the hub have one, too', () => {
    expect(verdicts(asPeers('west', far, 2) as KubeObject[])).toEqual({ 'west-location-far-0': 'True Meshed' });
  });

  test('one that is no Peer takes nothing from others', () => {
    expect(verdicts([seen('bad', { ...good, presharedKey: 'short' }), seen('good', good)])).toMatchObject({ good: 'True Meshed' });
  });

  test('waits until it is known whether a name resolves', () => {
    expect(
      verdicts([seen('laptop', at('soon.example')), seen('m', { ...good, allowedIPs: ['10.9.0.2/32'], publicKey: fakeKey('m') })]),
    ).toEqual({ m: 'True Meshed' });
  });

  test('is unknown while Peers are left to Kilo', () => {
    expect(verdicts([seen('laptop', good)], { besideKilo: 'behind' })).toEqual({
      laptop: "Unknown LeftToKilo: while the Mesh says besideKilo, Peers are left to Kilo's own agent",
    });
  });

  test('tells of five things and counts the rest', () => {
    const { length } =
      verdicts([seen('laptop', { ...good, allowedIPs: Array.from({ length: 100 }, (_, n) => `10.42.1.${n}/32`) })])['laptop']?.split(
        '; ',
      ) ?? [];
    expect(length).toBe(6);
  });

  test('is of the generation that was looked at; one that goes has none', () => {
    const planned = planPeers({
      mesh: meshSpecSchema.parse({}),
      nodes,
      peers: [seen('a', good), seen('b', good, { deletionTimestamp: '2026-01-01T00:00:00Z' })].map(peerFacts),
      outcomeOf,
    });
    expect([...planned]).toEqual([
      ['a', { conditions: [{ type: 'Ready', status: 'True', reason: 'Meshed', message: '', observedGeneration: 4 }] }],
    ]);
  });
});
