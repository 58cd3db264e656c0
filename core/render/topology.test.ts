import { describe, expect, test } from '@jest/globals';
import { EMPTY, HEALTHY, REFUSED_PAIR } from '../../test/fakes/federationStatus.js';
import type { FederationStatus } from '../api/status.js';
import { topologyDot, topologyMermaid } from './topology.js';

describe('DOT', () => {
  test('members are boxes of their locations, tunnels go between locations', () => {
    expect(topologyDot(HEALTHY)).toBe(`graph kilofed {
  node [shape=box, style=rounded];
  subgraph cluster_0 {
    label="east (ready)";
    style="rounded,dashed";
    "east/lyon" [label="lyon\\neast-a1 (gateway 0)\\neast-a2 (gateway 1)"];
    "east/oslo" [label="oslo\\neast-b1 (gateway 0)"];
  }
  subgraph cluster_1 {
    label="west (ready)";
    style="rounded,dashed";
    "west/" [label="default location\\nwest-a1 (gateway 0)"];
  }
  "east/lyon" -- "east/oslo";
  "east/lyon" -- "west/";
  "east/oslo" -- "west/";
}`);
  });

  test('a refused pair is told by its edges', () => {
    expect(topologyDot(REFUSED_PAIR).match(/.* -- "west\/".*/g)).toEqual(
      ['lyon', 'oslo'].map((place) => `  "east/${place}" -- "west/" [style=dotted, color=red, label="refused"];`),
    );
  });

  test('nodes that are segments stand by themselves, and those of one site have no tunnel between them', () => {
    const [member] = HEALTHY.members;
    if (member === undefined) throw new Error('no member');
    const segment = (node: string, location: string, site: string): (typeof member.segments)[number] => ({
      location,
      node,
      site,
      nodes: [node],
      allowedIPs: [],
      gateways: [{ slot: 0, node, publicKey: 'k' }],
    });
    const dot = topologyDot({
      ...EMPTY,
      members: [
        {
          ...member,
          segments: [segment('a', 'lyon', 'location:lyon'), segment('b', 'lyon', 'location:lyon'), segment('c', 'oslo', 'location:oslo')],
        },
      ],
    });
    expect(dot).toContain('"east/lyon/a" [label="lyon\\na (gateway 0)"];');
    expect(dot.match(/".*" -- ".*"/g)).toEqual(['"east/lyon/a" -- "east/oslo/c"', '"east/lyon/b" -- "east/oslo/c"']);
  });

  test('names are quoted', () => {
    const [member] = HEALTHY.members;
    if (member === undefined) throw new Error('no member');
    expect(topologyDot({ ...EMPTY, members: [{ ...member, id: 'a"b\\', segments: [] }] })).toContain(String.raw`label="a\"b\\ (ready)"`);
  });

  test('no members, no picture', () => {
    expect(topologyDot(EMPTY)).toBe('graph kilofed {\n  node [shape=box, style=rounded];\n}');
  });
});

describe('Mermaid', () => {
  test('the same picture', () => {
    expect(topologyMermaid(HEALTHY)).toBe(`graph LR
  subgraph c0["east (ready)"]
    n0["lyon<br/>east-a1 (gateway 0)<br/>east-a2 (gateway 1)"]
    n1["oslo<br/>east-b1 (gateway 0)"]
  end
  subgraph c1["west (ready)"]
    n2["default location<br/>west-a1 (gateway 0)"]
  end
  n0 --- n1
  n0 --- n2
  n1 --- n2`);
    expect(topologyMermaid(REFUSED_PAIR)).toContain('n0 -. refused .- n2');
  });
});

describe('M8: a name of a member is a name in its box', () => {
  const [member] = HEALTHY.members;
  const [segment] = member?.segments ?? [];
  if (member === undefined || segment === undefined) throw new Error('no member');
  const named = (name: string): FederationStatus => ({
    ...EMPTY,
    members: [{ ...member, segments: [{ ...segment, location: name, nodes: [name], gateways: [] }] }],
  });

  test.each([
    ['HTML', '<img src=x onerror=alert(1)>&amp;', '#60;img src=x onerror=alert(1)#62;#38;amp;'],
    ['a quote that would end it', '"]; click n0 "https://evil.example', '#34;]; click n0 #34;https://evil.example'],
    ['a line of its own', 'a\nclick n0 "x"', String.raw`a\u000aclick n0 #34;x#34;`],
    ['an entity of Mermaid', '#lt;b#gt;', '#35;lt;b#35;gt;'],
    ['a directive', '%%{init: {}}%%', '#37;#37;{init: {}}#37;#37;'],
    ['Markdown', '`*a*`', '#96;*a*#96;'],
  ])('Mermaid: %s', (_what, name, shown) => {
    expect(topologyMermaid(named(name)).split('\n').slice(1)).toEqual([
      '  subgraph c0["east (ready)"]',
      `    n0["${shown}<br/>${shown}"]`,
      '  end',
    ]);
  });

  test('DOT', () => {
    expect(topologyDot(named('a"];\nb\x1b')).split('\n').slice(5, 6)).toEqual([
      String.raw`    "east/a\"];\\u000ab\\u001b" [label="a\"];\\u000ab\\u001b\na\"];\\u000ab\\u001b"];`,
    ]);
  });
});
