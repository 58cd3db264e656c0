import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { LINK_REASONS } from '../api/links.js';
import { groupByName } from '../mesh/groupByName.js';
import { problemText } from '../api/problem.js';
import { tunnel } from '../../test/fakes/links.js';
import { explainLink, type LinkSide } from './explainLink.js';
import { type LinkPlane, segmentLinks } from './segmentLinks.js';

const ENDS = { from: 'east', to: 'west' };

type Sketch = Partial<LinkPlane>;

/** What east's gateway e1 says of its tunnels, to w1 at 203.0.113.7. */
function there(...planes: readonly Sketch[]): LinkSide {
  return side(planes.map((plane) => tunnelOf('e1', { peer: 'w1', endpoint: '203.0.113.7:51820', ...plane })));
}

/** What west's gateway w1 says of its tunnels, to e1 at 198.51.100.2. */
function back(...planes: readonly Sketch[]): LinkSide {
  return side(planes.map((plane) => tunnelOf('w1', { peer: 'e1', endpoint: '198.51.100.2:51820', ...plane })));
}

function tunnelOf(node: string, sketch: Sketch): LinkPlane {
  const { segment: _segment, member: _member, ...plane } = tunnel();
  return { node, ...plane, ...sketch };
}

function side(planes: readonly LinkPlane[]): LinkSide {
  const reports = new Map(
    groupByName(planes, ({ node }) => node).map(([node, some]) => [
      node,
      some.map(({ lost: _lost, ...plane }) => ({ segment: 'x', ...plane })),
    ]),
  );
  const lost = new Set(planes.filter((plane) => plane.lost === true).map(({ node }) => node));
  const segments = [{ name: 'own', gateways: [...reports.keys()].map((node) => ({ node })) }];
  const [link] = segmentLinks({ reports, lost, segments, expected: () => [{ name: 'x' }] });
  return link ?? { state: 'unknown', planes };
}

const down = (reason: LinkPlane['reason']): Sketch => ({ state: 'down', inUse: false, ...(reason === undefined ? {} : { reason }) });
const FORCE = 'kilo.squat.ai/force-endpoint';

interface Row {
  readonly says: string;
  readonly there: LinkSide;
  readonly back?: LinkSide;
  readonly reason: string;
  readonly text: string;
}

const ROWS: readonly Row[] = [
  {
    says: 'a firewall drops all of it, from the first day',
    there: there(down('NoHandshake'), { ...down('NoHandshake'), slot: 1, endpoint: '203.0.113.7:51821' }),
    back: back(down('NoHandshake')),
    reason: 'LinkDown',
    text:
      'no tunnel between east and west works; e1 never had a handshake with w1 (UDP 203.0.113.7:51820); e1 never had a handshake with w1 ' +
      '(UDP 203.0.113.7:51821); w1 never had a handshake with e1 (UDP 198.51.100.2:51820): open UDP 51820, 51821 towards ' +
      `198.51.100.2, 203.0.113.7 in the firewalls between them, or correct these endpoints with the annotation ${FORCE}`,
  },
  {
    says: 'what east sends is dropped: west is heard, and does not hear',
    there: there(down('OneWay')),
    back: back(down('NoAnswer')),
    reason: 'LinkDown',
    text:
      'no tunnel between east and west works; e1 hears w1 (UDP 203.0.113.7:51820), which does not hear e1; nothing comes back to w1 from ' +
      'e1 (UDP 198.51.100.2:51820): open UDP 51820 towards 203.0.113.7 in the firewalls between them, or correct these endpoints with ' +
      `the annotation ${FORCE}`,
  },
  {
    says: 'what west sends is dropped',
    there: there(down('NoAnswer')),
    back: back(down('OneWay')),
    reason: 'LinkDown',
    text:
      'no tunnel between east and west works; nothing comes back to e1 from w1 (UDP 203.0.113.7:51820); w1 hears e1 (UDP ' +
      '198.51.100.2:51820), which does not hear w1: open UDP 51820 towards 198.51.100.2 in the firewalls between them, or correct these ' +
      `endpoints with the annotation ${FORCE}`,
  },
  {
    says: 'IPv6, and nobody knows what west sees',
    there: there({ ...down('NoAnswer'), endpoint: '[2001:db8::7]:51820' }),
    reason: 'LinkDown',
    text:
      'no tunnel between east and west works; nothing comes back to e1 from w1 (UDP [2001:db8::7]:51820): open UDP 51820 towards ' +
      `[2001:db8::7] in the firewalls between them, or correct these endpoints with the annotation ${FORCE}`,
  },
  {
    says: 'the same, and west says nothing',
    there: there(down('NoAnswer')),
    back: back(),
    reason: 'LinkDown',
    text:
      'no tunnel between east and west works; nothing comes back to e1 from w1 (UDP 203.0.113.7:51820); nobody reports on tunnels ' +
      'from west ' +
      `to east: open UDP 51820 towards 203.0.113.7 in the firewalls between them, or correct these endpoints with the annotation ${FORCE}`,
  },
  {
    says: 'only west complains',
    there: there({}),
    back: back(down('NoAnswer')),
    reason: 'LinkDown',
    text:
      'no tunnel between east and west works; nothing comes back to w1 from e1 (UDP 198.51.100.2:51820); gateways of east have not ' +
      'said so: they may not reach their API server: open UDP 51820 ' +
      `towards 198.51.100.2, 203.0.113.7 in the firewalls between them, or correct these endpoints with the annotation ${FORCE}`,
  },
  {
    says: 'the agent of the far gateway is dead',
    there: there(down('AgentGone')),
    reason: 'LinkDown',
    text:
      'tunnels between east and west go on, but nobody watches them; WireGuard of w1 answers e1, its node-agent does not: look at ' +
      'the node-agent there: kubectl -n ' +
      'kilofed get pods -o wide',
  },
  {
    says: 'the far gateway forwards nothing, another one does',
    there: there(down('NotForwarding'), { slot: 1, peer: 'w2' }),
    back: back({}),
    reason: 'LinkDegraded',
    text:
      'some tunnels between east and west do not work; w1 answers e1 and forwards nothing; west reaches east: look there for a firewall ' +
      'that drops forwarded packets; spec.forwardRules of its Mesh opens the FORWARD chains of iptables',
  },
  {
    says: 'nobody knows where to send',
    there: there({ ...down('NoEndpoint'), endpoint: undefined }),
    reason: 'LinkDown',
    text:
      'no tunnel between east and west works; neither e1 nor w1 has an endpoint that the other could dial: give a gateway an ' +
      'address that ' +
      `others reach, with the annotation ${FORCE} on its Node`,
  },
  {
    says: 'MTU',
    there: there({ reason: 'LargePackets' }),
    reason: 'LinkDegraded',
    text:
      'some tunnels between east and west do not work; large packets between e1 and w1 are lost: let ICMP "packet too big" and ' +
      '"fragmentation needed" pass, or set spec.mtu of both Meshes to what the path carries',
  },
  {
    says: 'nobody reports anything',
    there: there(),
    reason: 'LinkUnknown',
    text:
      'no gateway of east reports on a tunnel to west: do its node-agents run, and are manifests/crds and manifests/cluster.yaml of this ' +
      'version applied there?',
  },
  {
    says: 'Kubernetes has lost the gateway',
    there: there({ lost: true }),
    reason: 'LinkUnknown',
    text: 'the nodes that end the tunnels of east to west are lost: e1: look at these nodes',
  },
  {
    says: 'the far end runs Kilo, or has not answered yet',
    there: there({ state: 'unknown' }),
    reason: 'LinkUnknown',
    text: 'gateways of west have not answered a probe of east yet, and those that run Kilo never do',
  },
];

test.each(ROWS)('$reason: $says', (row) => {
  const complaint = explainLink(row.there, row.back, ENDS);
  expect({ reason: complaint?.reason, text: complaint === undefined ? '' : problemText(complaint) }).toEqual({
    reason: row.reason,
    text: row.text,
  });
});

test('nothing is to be said of a link that works, whatever is known of the way back', () => {
  expect(explainLink(there({}), undefined, ENDS)).toBeUndefined();
  expect(explainLink(there({}), back({}), ENDS)).toBeUndefined();
  expect(explainLink(there({}), back(), ENDS)).toBeUndefined();
});

const plane = fc.record(
  {
    node: fc.constantFrom('e1', 'e2', 'e3'),
    slot: fc.integer({ min: 0, max: 3 }),
    peer: fc.constantFrom('w1', 'w2', 'w3', 'w4'),
    state: fc.constantFrom('up', 'down', 'unknown'),
    reason: fc.constantFrom(...LINK_REASONS),
    endpoint: fc.constantFrom('203.0.113.7:51820', '[2001:db8::7]:51821', 'gw.example.com:1', ':', 'x', '1:2:3'),
  },
  { requiredKeys: ['node', 'slot', 'peer', 'state'] },
);
const planes = fc.array(plane, { maxLength: 40 });

test('every link that does not work is explained, at a length that people read, and with something to do', () => {
  fc.assert(
    fc.property(planes, fc.option(planes, { nil: undefined }), (some, others) => {
      const [way, other] = [
        side(some.map((each) => tunnelOf(each.node, each))),
        others && side(others.map((each) => tunnelOf(each.node, each))),
      ];
      const complaint = explainLink(way, other, ENDS);
      const works = [way, ...(other === undefined ? [] : [other])].every(({ state }) => state === 'up' || state === 'unknown');
      expect(complaint === undefined).toBe(works && way.state === 'up');
      if (complaint === undefined || complaint.reason === 'LinkUnknown') return;
      expect(complaint.reason === 'LinkDown').toBe(way.state === 'down' || other?.state === 'down');
      expect(complaint.remedy).toMatch(/\S/);
      expect(problemText(complaint).length).toBeLessThan(1_000);
    }),
  );
});
