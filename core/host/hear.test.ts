import { describe, expect, test } from '@jest/globals';
import type { Heard, MeshNode } from '../api/meshNode.js';
import type { NodePlan } from '../mesh/plan.js';
import { emptyPlan } from './emptyPlan.js';
import { hear, worthTelling } from './hear.js';

const AT = 1_000_000;
const WANTED = '192.168.1.5:51820';

function planOf(owner: string, endpoint: string | undefined, role: NodePlan['role']): NodePlan {
  const peer = { publicKey: 'KEY', persistentKeepalive: 0, allowedIPs: [], owner, ...(endpoint === undefined ? {} : { endpoint }) };
  return { ...emptyPlan('t'), role, interfaces: [{ name: 'kilo1', plane: 1, listenPort: 51821, mtu: 1420, peers: [peer] }] };
}

test.each<[string, { readonly endpoint?: string; readonly age?: number; readonly owner?: string; readonly wanted?: string | null; readonly role?: NodePlan['role']; readonly heard?: string }]>([
  ['a gateway at another address is', { endpoint: '203.0.113.9:41820', heard: '2 203.0.113.9:41820' }],
  ['one whose port alone is another is', { endpoint: '192.168.1.5:41820', heard: '2 192.168.1.5:41820' }],
  ['one that can only dial is', { endpoint: '203.0.113.9:41820', wanted: null, heard: '2 203.0.113.9:41820' }],
  ['one by IPv6 is', { endpoint: '[2001:db8::9]:41820', heard: '2 2001:db8::9:41820' }],
  ['one where it is wanted is not', { endpoint: WANTED }],
  ['nor one where it is wanted in another spelling', { endpoint: '[fd00::1]:1', wanted: '[fd00:0::1]:1' }],
  ['one without a live session is not', { endpoint: '203.0.113.9:41820', age: 180 }],
  ['one that never had one is not', { endpoint: '203.0.113.9:41820', age: AT }],
  ['one that is heard nowhere is not', {}],
  ['one by a link-local address is not', { endpoint: '[fe80::1%eth0]:51820' }],
  ["a person's machine is not", { endpoint: '203.0.113.9:41820', owner: 'peer laptop' }],
  ['anybody by a node that is no gateway is not', { endpoint: '203.0.113.9:41820', role: { kind: 'member' } }],
])('%s', (_what, { endpoint, age = 10, owner = 'gateway far', wanted = WANTED, role = { kind: 'gateway', slot: 2 }, heard }) => {
  const wireguard = new Map([['kilo1', { peers: new Map([['KEY', { lastHandshake: AT - age, ...(endpoint === undefined ? {} : { endpoint }) }]]) }]]);
  expect(hear({ plan: planOf(owner, wanted ?? undefined, role), wireguard, at: AT }).map(({ plane, host, port }) => `${plane} ${host}:${port}`)).toEqual(heard === undefined ? [] : [heard]);
});

describe('what is heard is told', () => {
  const FAR: Heard = { publicKey: 'KEY', plane: 0, host: '203.0.113.9', port: 41820 };
  const teller = (name: string, more: Partial<MeshNode['metadata']> = {}, port = 41820): MeshNode => ({ metadata: { name, ...more }, spec: { heard: [{ ...FAR, port }] } }) as unknown as MeshNode;
  test.each<[string, readonly MeshNode[], boolean]>([
    ['where nobody else does', [], true],
    ['where one other does', [teller('a')], true],
    ['not where two others do', [teller('y'), teller('z')], false],
    ['where two others tell of another place', [teller('a', {}, 1), teller('b', {}, 1)], true],
    ['where one of two others is being deleted', [teller('a'), teller('b', { deletionTimestamp: 'now' })], true],
    ['on, where we were among the first two by name', [teller('a'), teller('m'), teller('z')], true],
    ['no more, where we were the third', [teller('a'), teller('b'), teller('m')], false],
  ])('%s', (_what, nodes, expected) => {
    expect(worthTelling([FAR], 'm', nodes)).toEqual(expected ? [FAR] : []);
  });

  test('in an order of its own, and the first 64', () => {
    const many = Array.from({ length: 70 }, (_, port) => ({ ...FAR, publicKey: `KEY ${String(port).padStart(2, '0')}` }));
    expect(worthTelling(many.toReversed(), 'm', [])).toEqual(many.slice(0, 64));
  });
});
