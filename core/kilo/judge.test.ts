import { expect, test } from '@jest/globals';
import type { MeshNode } from '../api/meshNode.js';
import { cluster, defaults } from '../../test/fakes/mesh.js';
import { planNode } from '../mesh/planNode.js';
import { judgeKilo, type Judged } from './judge.js';
import { NO_TRACES, type KiloRoute, type KiloTraces } from './traces.js';

const NODES = cluster(
  [
    { name: 'a', location: 'eu', internalIP: '172.20.1.11/24', podCIDR: '10.42.1.0/24' },
    { name: 'b', location: 'us', internalIP: '172.20.2.11/24', podCIDR: '10.42.2.0/24' },
  ],
  '10.4.0.0/16',
);

function verdict(traces: Partial<KiloTraces>, settings: Partial<Judged> & { readonly running?: string } = {}): string {
  const { running, besideKilo, nodes = NODES, ...rest } = settings;
  const planned = planNode({
    node: 'a',
    mesh: { ...defaults, ...(besideKilo === undefined ? {} : { besideKilo }) },
    nodes,
    peers: [],
    resolved: {},
    underlayMtu: 1500,
  });
  if (planned.kind === 'absent') throw new Error(planned.reason);
  const kilo = { ...(running === undefined ? {} : { running }), traces: { ...NO_TRACES, ...traces } };
  const result = judgeKilo({ besideKilo, kilo, plan: planned.plan, nodes, wireguard: undefined, at: 1000, ...rest });
  return result.kind === 'hold' ? `hold: ${result.reason}` : result.kind;
}

const ADDRESS = { dev: 'kilo0', address: '10.4.0.1/16', alone: true };
const to = (dst: string, dev = 'kilo0'): KiloRoute => ({ dst, dev, table: 254, via: '10.4.0.2' });
const alone: readonly MeshNode[] = NODES.slice(0, 1);
const session = (lastHandshake: number): Judged['wireguard'] => ({
  listenPort: 51820,
  peers: new Map([['key', { persistentKeepalive: 0, allowedIPs: ['10.42.2.0/24'], lastHandshake, receivedBytes: 0, sentBytes: 0 }]]),
});

test.each([
  ['nothing of Kilo', verdict({}), /^none$/],
  [
    "Kilo's agent runs, and the Mesh does not say beside",
    verdict({}, { running: 'process 7, kg' }),
    /^hold: Kilo's agent runs on this node \(process 7, kg\).*besideKilo: behind/,
  ],
  ['it runs beside', verdict({ routes: [to('10.42.9.0/24')] }, { running: 'process 7, kg', besideKilo: 'behind' }), /^beside$/],
  ['it has ended, and the Mesh still says beside', verdict({ routes: [to('10.42.2.0/24')] }, { besideKilo: 'ahead' }), /^beside$/],
  [
    "our mesh address would be one of Kilo's",
    verdict({ addresses: [ADDRESS] }, { besideKilo: 'behind' }),
    /^hold: this node's mesh address 10\.4\.\S+ lies in the network of Kilo's kilo0/,
  ],
  ['all that it led to, we lead to', verdict({ routes: [to('10.42.2.0/24'), to('10.42.2.128/25')] }), /^takeOver$/],
  ['a node that we leave to the underlay', verdict({ routes: [to('172.20.2.11/32')] }), /^takeOver$/],
  ['an address of its own making', verdict({ routes: [to('10.4.0.9/32')], addresses: [ADDRESS] }), /^takeOver$/],
  ['only chains and rules', verdict({ rules: [{ family: 'inet', priority: 9, iif: 'kilo0', to: '10.0.0.1/32' }] }), /^takeOver$/],
  [
    'a node that has no MeshNode yet, on a living tunnel',
    verdict({ routes: [to('10.42.2.0/24')] }, { nodes: alone, wireguard: session(900) }),
    /^hold: Kilo, which has ended, still leads to 10\.42\.2\.0\/24 by kilo0.*ip route del 10\.42\.2\.0\/24 dev kilo0 proto static$/,
  ],
  ['on a tunnel that is long dead', verdict({ routes: [to('10.42.2.0/24')] }, { nodes: alone, wireguard: session(800) }), /^takeOver$/],
  ['on a tunnel that nobody serves', verdict({ routes: [to('10.42.2.0/24', 'eth0')] }, { nodes: alone }), /^hold/],
])('%s', (_what, result, expected) => {
  expect(result).toMatch(expected);
});
