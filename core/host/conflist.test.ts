import { describe, expect, test } from '@jest/globals';
import type { Cni } from '../mesh/plan.js';
import { conflistText, isConfiguration } from './conflist.js';

const cni: Cni = { podCIDRs: ['10.42.1.0/24', 'fd42:1::/64'], mtu: 1420, others: 'keep' };
const bridge = {
  hairpinMode: true,
  type: 'bridge',
  bridge: 'kube-bridge',
  isDefaultGateway: true,
  forceAddress: true,
  ipMasq: false,
  mtu: 1420,
  ipam: { type: 'host-local', ranges: [[{ subnet: '10.42.1.0/24' }], [{ subnet: 'fd42:1::/64' }]] },
};
const portmap = { type: 'portmap', capabilities: { portMappings: true }, snat: true };
const whole = { cniVersion: '1.0.0', name: 'kilo', plugins: [bridge, portmap] };

const read = (text: string): unknown => JSON.parse(text);

describe('the configuration of a node', () => {
  test('from nothing', () => {
    expect(read(conflistText(cni, undefined))).toEqual(whole);
  });

  test('that says what is wanted stays as it is, in whatever form', () => {
    const reordered = `{"plugins":[${JSON.stringify(bridge)},\n\n${JSON.stringify(portmap)}],"name":"kilo","cniVersion":"1.0.0"}`;
    expect(conflistText(cni, reordered)).toBe(reordered);
  });

  test.each<[string, object, object]>([
    [
      'another range, as after a new podCIDR',
      { ...whole, plugins: [{ ...bridge, ipam: { type: 'host-local', ranges: [[{ subnet: '10.42.9.0/24' }]] } }, portmap] },
      whole,
    ],
    ['another MTU', { ...whole, plugins: [{ ...bridge, mtu: 1500 }, portmap] }, whole],
    ['masquerading switched on by hand', { ...whole, plugins: [{ ...bridge, ipMasq: true }, portmap] }, whole],
    ['portmap taken out', { ...whole, plugins: [bridge] }, whole],
    ['no plugins at all', { name: 'other' }, whole],
    [
      "keys of people's own, everywhere, and a plugin behind ours",
      {
        ...whole,
        disableCheck: true,
        plugins: [
          { ...bridge, mtu: 1, hairpinMode: false, vlan: 7, ipam: { ...bridge.ipam, ranges: [], dataDir: '/run/ipam' } },
          { ...portmap, snat: false },
          { type: 'bandwidth' },
        ],
      },
      {
        ...whole,
        disableCheck: true,
        plugins: [
          { ...bridge, hairpinMode: false, vlan: 7, ipam: { ...bridge.ipam, dataDir: '/run/ipam' } },
          { ...portmap, snat: false },
          { type: 'bandwidth' },
        ],
      },
    ],
    ['a newer version of the format', { ...whole, cniVersion: '1.1.0', plugins: [] }, { ...whole, cniVersion: '1.1.0' }],
  ])('mends what is ours and keeps the rest: %s', (_what, before, after) => {
    const text = conflistText(cni, JSON.stringify(before));
    expect(read(text)).toEqual(after);
    expect(conflistText(cni, text)).toBe(text);
  });

  test.each([['{"name":'], ['[]'], ['7'], ['']])('that cannot be read is written anew: %s', (text) => {
    expect(read(conflistText(cni, text))).toEqual(whole);
  });
});

test.each([
  ['10-kilo.conflist', true],
  ['10-flannel.conf', true],
  ['cbr0.json', true],
  ['10-flannel.conflist.kilofed-disabled', false],
  ['.10-kilofed.conflist.part', false],
  ['README', false],
])('container runtimes read %s: %s', (name, reads) => {
  expect(isConfiguration(name)).toBe(reads);
});
