import { expect, test } from '@jest/globals';
import { subjectText } from '../api/problem.js';
import { meshSpecSchema, type MeshSpec } from '../api/meshSpec.js';
import { cluster, defaults } from '../../test/fakes/mesh.js';
import { planNode } from './planNode.js';

/** a and b are gateways of eu, c is a member in another subnet, d is alone in us. */
const EAST = cluster(
  [
    { name: 'a', location: 'eu', internalIP: '172.20.1.11/24', podCIDR: '10.42.1.0/24' },
    { name: 'b', location: 'eu', internalIP: '172.20.1.12/24', podCIDR: '10.42.2.0/24' },
    { name: 'c', location: 'eu', internalIP: '172.20.9.13/24', podCIDR: '10.42.3.0/24' },
    { name: 'd', location: 'us', internalIP: '172.20.2.11/24', podCIDR: '10.42.4.0/24' },
  ],
  '10.4.0.0/16',
);

interface Sizes {
  readonly underlayMtu: number;
  readonly pathMtu?: number;
  readonly mesh?: Partial<MeshSpec>;
}

/** WireGuard, VXLAN and pods of a node; null: it has none of that. */
test.each<[string, string, Sizes, readonly (number | null)[]]>([
  ['a gateway on 1,500 bytes', 'a', { underlayMtu: 1500 }, [1420, 1420, 1420]],
  ['a member, as its gateways would have it', 'c', { underlayMtu: 1500 }, [null, 1420, 1420]],
  ['1,400 bytes', 'a', { underlayMtu: 1400 }, [1320, 1320, 1320]],
  ['large frames inside, 1,500 outside', 'a', { underlayMtu: 9000, pathMtu: 1500 }, [1420, 1420, 1420]],
  ['1,400 inside, 1,500 outside: VXLAN sets the bound', 'a', { underlayMtu: 1400, pathMtu: 1500 }, [1420, 1350, 1350]],
  ['1,500 inside, 1,460 outside', 'c', { underlayMtu: 1500, pathMtu: 1460 }, [null, 1380, 1380]],
  [
    "the Mesh's own wins, and bounds what lies before the tunnels",
    'a',
    { underlayMtu: 1500, pathMtu: 1460, mesh: { mtu: 1300 } },
    [1300, 1300, 1300],
  ],
  ['it may be larger than VXLAN has room for', 'a', { underlayMtu: 1500, mesh: { mtu: 8920 } }, [8920, 1450, 1450]],
  ['the smallest that tunnels fit', 'a', { underlayMtu: 1500, pathMtu: 1360 }, [1280, 1280, 1280]],
  ['less than tunnels need: IPv6 stays', 'a', { underlayMtu: 1500, pathMtu: 1300 }, [1280, 1280, 1280]],
  ['next to nothing', 'a', { underlayMtu: 1500, pathMtu: 68 }, [1280, 1280, 1280]],
  ['too little for VXLAN, too', 'c', { underlayMtu: 1300 }, [null, 1280, 1280]],
  ['a node without neighbours in VXLAN', 'd', { underlayMtu: 1400 }, [1320, null, 1320]],
])('%s', (_what, node, { mesh = {}, ...sizes }, expected) => {
  const cni = meshSpecSchema.parse({ cni: { enabled: true } }).cni;
  const planned = planNode({
    node,
    mesh: { ...defaults, ...(cni === undefined ? {} : { cni }), ...mesh },
    nodes: EAST,
    peers: [],
    resolved: {},
    ...sizes,
  });
  if (planned.kind === 'absent') throw new Error(planned.reason);
  const tooSmall = node !== 'c' && (sizes.pathMtu ?? sizes.underlayMtu) < 1360 && mesh.mtu === undefined;
  expect(planned.plan.problems.map(({ subject, reason }) => [subjectText(subject), reason])).toEqual(
    tooSmall ? [[`node ${node}`, 'SmallMTU']] : [],
  );
  expect([planned.plan.interfaces[0]?.mtu ?? null, planned.plan.encapsulation?.mtu ?? null, planned.plan.cni?.mtu]).toEqual(expected);
});
