import { expect, test } from '@jest/globals';
import type { NodePlan, PeerOwner } from '../mesh/plan.js';
import { emptyPlan } from '../host/emptyPlan.js';
import { peerOf } from '../../test/fakes/tunnels.js';
import { roamedEndpointsOf } from './roamedEndpoints.js';

const AT = 1_000_000;
const CONFIGURED = '192.168.1.5:51820';

function planOf(owner: PeerOwner, endpoint: string | undefined, role: NodePlan['role']): NodePlan {
  const peer = peerOf(owner.kind, owner.name, endpoint === undefined ? {} : { endpoint });
  return { ...emptyPlan('t'), role, interfaces: [{ name: 'kilo1', plane: 1, listenPort: 51821, mtu: 1420, peers: [peer] }] };
}

test.each<
  [
    string,
    {
      readonly endpoint?: string;
      readonly age?: number;
      readonly owner?: PeerOwner;
      readonly configured?: string | null;
      readonly role?: NodePlan['role'];
      readonly observed?: string;
    },
  ]
>([
  ['a gateway at another address has', { endpoint: '203.0.113.9:41820', observed: '2 203.0.113.9:41820' }],
  ['one at another port has', { endpoint: '192.168.1.5:41820', observed: '2 192.168.1.5:41820' }],
  ['one that can only dial has', { endpoint: '203.0.113.9:41820', configured: null, observed: '2 203.0.113.9:41820' }],
  ['one by IPv6 has', { endpoint: '[2001:db8::9]:41820', observed: '2 2001:db8::9:41820' }],
  ['one at its configured endpoint has not', { endpoint: CONFIGURED }],
  ['nor one at that in another spelling', { endpoint: '[fd00::1]:1', configured: '[fd00:0::1]:1' }],
  ['one without a live session has not', { endpoint: '203.0.113.9:41820', age: 180 }],
  ['one that never had one has not', { endpoint: '203.0.113.9:41820', age: AT }],
  ['one without an endpoint has not', {}],
  ['one at a link-local address has not', { endpoint: '[fe80::1%eth0]:51820' }],
  ['an external peer has not', { endpoint: '203.0.113.9:41820', owner: { kind: 'peer', name: 'far' } }],
  ['nobody has for a node that is no gateway', { endpoint: '203.0.113.9:41820', role: { kind: 'member' } }],
])(
  'roamed: %s',
  (
    _what,
    {
      endpoint,
      age = 10,
      owner = { kind: 'gateway', name: 'far' },
      configured = CONFIGURED,
      role = { kind: 'gateway', slot: 2 },
      observed,
    },
  ) => {
    const counters = new Map([
      ['kilo1', { peers: new Map([['key of far', { lastHandshake: AT - age, ...(endpoint === undefined ? {} : { endpoint }) }]]) }],
    ]);
    expect(
      roamedEndpointsOf(planOf(owner, configured ?? undefined, role), counters, AT).map(
        ({ plane, host, port }) => `${plane} ${host}:${port}`,
      ),
    ).toEqual(observed === undefined ? [] : [observed]);
  },
);
