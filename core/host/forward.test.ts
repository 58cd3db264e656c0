import { describe, expect, test } from '@jest/globals';
import { createFakeHost } from '../../test/host/fakeHost.js';
import type { ForwardRules, NodePlan } from '../mesh/plan.js';
import { emptyPlan } from './emptyPlan.js';
import { legacyArguments, nftMatch, parseLegacyForward, parseNftForward } from './forward.js';
import { planChanges } from './planChanges.js';
import { changeText } from './render.js';
import type { ForwardChain } from './state.js';

const BOTH: ForwardRules = { podCIDRs: ['10.42.1.0/24', 'fd42:1::/64'] };

/** What is done on a host with these chains, plan by plan; the last plan again must be nothing to do. */
function go(chains: readonly ForwardChain[], ...plans: readonly (ForwardRules | undefined)[]): readonly string[][] {
  const host = createFakeHost('eth0', 1, { forward: chains });
  const step = (forward: ForwardRules | undefined): string[] => {
    const desired: NodePlan = { ...emptyPlan('a'), ...(forward === undefined ? {} : { forward }) };
    const changes = planChanges({ desired, observed: host.state(), prior: new Map(), publicKey: '' });
    for (const change of changes) expect(host.run(change)).toBeUndefined();
    return changes.map(changeText);
  };
  const done = plans.map(step);
  expect(step(plans.at(-1))).toEqual([]);
  return done;
}

test.each<[string, readonly ForwardChain[], readonly (ForwardRules | undefined)[], readonly (readonly string[])[]]>([
  ['no chain, nothing to do', [], [BOTH], [[]]],
  ['not asked for', ['nft ip', 'legacy ip'], [undefined], [[]]],
  [
    'IPv4 by nft',
    ['nft ip'],
    [BOTH],
    [
      [
        'nft ip FORWARD: accept in kilo',
        'nft ip FORWARD: accept out kilo',
        'nft ip FORWARD: accept from 10.42.1.0/24',
        'nft ip FORWARD: accept to 10.42.1.0/24',
      ],
    ],
  ],
  [
    'IPv6 by the older tables',
    ['legacy ip6'],
    [BOTH],
    [
      [
        'legacy ip6 FORWARD: accept in kilo',
        'legacy ip6 FORWARD: accept out kilo',
        'legacy ip6 FORWARD: accept from fd42:1::/64',
        'legacy ip6 FORWARD: accept to fd42:1::/64',
      ],
    ],
  ],
  [
    'another pod CIDR, then clean-up',
    ['nft ip'],
    [{ podCIDRs: [] }, { podCIDRs: ['10.42.2.0/24'] }, undefined],
    [
      ['nft ip FORWARD: accept in kilo', 'nft ip FORWARD: accept out kilo'],
      ['nft ip FORWARD: accept from 10.42.2.0/24', 'nft ip FORWARD: accept to 10.42.2.0/24'],
      [
        'nft ip FORWARD: accept no more in kilo',
        'nft ip FORWARD: accept no more out kilo',
        'nft ip FORWARD: accept no more from 10.42.2.0/24',
        'nft ip FORWARD: accept no more to 10.42.2.0/24',
      ],
    ],
  ],
])('%s', (_what, chains, plans, commands) => {
  expect(go(chains, ...plans)).toEqual(commands);
});

describe('in words of the programs', () => {
  test.each<[ForwardChain, string, string, string]>([
    ['nft ip', 'in kilo', 'iifname "kilo*" counter accept', '-i kilo+ -m comment --comment kilofed: forward in kilo -j ACCEPT'],
    ['nft ip', 'out kilo', 'oifname "kilo*" counter accept', '-o kilo+ -m comment --comment kilofed: forward out kilo -j ACCEPT'],
    [
      'nft ip',
      'from 10.42.1.0/24',
      'ip saddr 10.42.1.0/24 counter accept',
      '-s 10.42.1.0/24 -m comment --comment kilofed: forward from 10.42.1.0/24 -j ACCEPT',
    ],
    [
      'nft ip6',
      'to fd42:1::/64',
      'ip6 daddr fd42:1::/64 counter accept',
      '-d fd42:1::/64 -m comment --comment kilofed: forward to fd42:1::/64 -j ACCEPT',
    ],
  ])('%s %s', (chain, rule, nft, legacy) => {
    expect([nftMatch(chain, rule), legacyArguments(rule).join(' ')]).toEqual([nft, legacy]);
  });

  test('rules of ours are told by their comment, others are none', () => {
    const nft = {
      nftables: [
        { metainfo: {} },
        { chain: { name: 'FORWARD', policy: 'drop' } },
        { rule: { handle: 2, comment: 'kilofed: forward in kilo', expr: [] } },
        { rule: { handle: 3, expr: [{ xt: null }] } },
        { rule: { handle: 4, comment: 'docker' } },
      ],
    };
    expect([...parseNftForward(JSON.stringify(nft))]).toEqual([['in kilo', 2]]);
    const legacy = [
      '-P FORWARD DROP',
      '-A FORWARD -i kilo+ -m comment --comment "kilofed: forward in kilo" -j ACCEPT',
      '-A FORWARD -m comment --comment "other: forward in kilo" -j ACCEPT',
      '-A FORWARD -j DOCKER-USER',
      '',
    ].join('\n');
    expect([...parseLegacyForward(legacy)]).toEqual(['in kilo']);
  });
});
