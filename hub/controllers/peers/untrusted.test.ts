/**
 * Whatever a member says about its network, what another is told to route leads to nothing that the other has itself.
 */
import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { clusterFacts, targetMember, UNCONTESTED } from '../../../test/fakes/facts.js';
import { KEYS, lyingMesh, lyingMeshNode, spoilt } from '../../../test/fakes/lies.js';
import { overlaps, parseCidr, singleAddress } from '../../../core/net/cidr.js';
import { createCidrIndex } from '../../../core/net/cidrIndex.js';
import { isSpecial, isWhollyPrivate } from '../../../core/net/special.js';
import { findReach } from '../../pairs/routablePrefixes.js';
import { createAdmission } from '../../records/admit/admitFacts.js';
import { LIMIT } from '../../records/admit/limits.js';
import { readMesh, readMeshNode } from '../../records/facts.js';
import { planMemberPeers } from './planMemberPeers.js';

const sha256 = (text: string): Uint8Array => createHash('sha256').update(text).digest();
const [OWN = '', LAPTOP = ''] = KEYS;

const west = targetMember(
  'west',
  (() => {
    const facts = clusterFacts(
      [{ name: 'w', pods: ['10.2.0.0/24'], internal: ['10.0.0.11/24'], endpoint: '10.8.8.8', locationIPs: ['192.168.178.0/24'] }],
      { mesh: ['10.4.2.0/24'], services: ['10.102.0.0/16'] },
    );
    return { ...facts, nodes: facts.nodes.map((node) => ({ ...node, spec: { ...node.spec, publicKey: OWN } })) };
  })(),
  [
    { name: 'laptop', key: LAPTOP, prefixes: ['10.5.0.2/32'], endpoint: undefined },
    { name: 'office', key: undefined, prefixes: ['192.168.10.0/24'], endpoint: '10.9.9.9/32' },
  ],
);
const OF_WEST = [
  '10.2.0.0/24',
  '10.4.2.0/24',
  '10.102.0.0/16',
  '10.0.0.0/24',
  '10.8.8.8/32',
  '192.168.178.0/24',
  '10.5.0.2/32',
  '192.168.10.0/24',
  '10.9.9.9/32',
  '10.6.6.6/32',
];

test('C1, C2, H1, H2: nothing that it says touches what the target has, whatever it says', () => {
  let linked = 0;
  fc.assert(
    fc.property(spoilt(lyingMesh), fc.array(spoilt(lyingMeshNode), { maxLength: 4 }), fc.boolean(), (said, nodes, declaresAll) => {
      const read = readMesh(said as never);
      if (!read.ok) return;
      const good = new Map(
        nodes.flatMap((node) => {
          const each = readMeshNode(node as never);
          return each.ok ? [[each.value.metadata.name, each.value] as const] : [];
        }),
      );
      const sorted = [...good.values()].toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
      const { facts } = createAdmission({ allowed: declaresAll ? ['0.0.0.0/0', '::/0'] : undefined, reserved: [], place: 'test' })(
        read.value,
        sorted,
      );
      const input = {
        source: { id: 'evil', facts },
        target: west,
        apiServers: createCidrIndex([['10.6.6.6/32', 'north']] as const),
        ownership: UNCONTESTED,
      };
      const { peers } = planMemberPeers({ ...input, sha256 });
      linked += peers.length;
      for (const { spec } of peers) {
        const allowed = spec.allowedIPs.map((each) => parseCidr(each));
        for (const each of allowed) {
          if (each === undefined) throw new Error('a prefix that is none');
          expect(isSpecial(each)).toBe(false);
          expect(OF_WEST.filter((own) => overlaps(parseCidr(own) ?? each, each))).toEqual([]);
          expect(declaresAll || isWhollyPrivate(each)).toBe(true);
          expect(each.length).toBeGreaterThanOrEqual(each.family === 4 ? 8 : 32);
        }
        expect([OWN, LAPTOP]).not.toContain(spec.publicKey);
        const { ip = '192.0.2.1' } = spec.endpoint?.dnsOrIP ?? {};
        expect(isSpecial(ip)).toBe(false);
        expect(
          ['10.2.0.0/24', '10.4.2.0/24', '10.102.0.0/16'].filter((own) => overlaps(parseCidr(own) as never, parseCidr(ip) as never)),
        ).toEqual([]);
      }
      expect(peers.length).toBeLessThanOrEqual(LIMIT.locations * 4 + LIMIT.singleNodes);
      const meshAddresses = facts.nodes.flatMap(({ status }) => status?.meshAddresses ?? []).map(singleAddress);
      expect(findReach(input).prefixes.filter((each) => meshAddresses.includes(each))).toEqual([]);
    }),
    { numRuns: 1_000 },
  );
  expect(linked).toBeGreaterThan(100);
});
