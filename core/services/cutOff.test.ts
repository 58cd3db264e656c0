import { expect, test } from '@jest/globals';
import { cutOff, type SegmentReach } from './cutOff.js';

const up = (...allowedIPs: string[]): SegmentReach => ({ allowedIPs, reached: true });
const down = (...allowedIPs: string[]): SegmentReach => ({ allowedIPs, reached: false });

test.each<[string, SegmentReach[], address: string, isCut: boolean]>([
  ['no segment at all', [], '10.1.0.5', false],
  ['all are reached', [up('10.1.0.0/24'), up('10.1.1.0/24')], '10.1.0.5', false],
  ['S39: behind the one that is not', [down('10.1.0.0/24'), up('10.1.1.0/24')], '10.1.0.5', true],
  ['S39: behind the other', [down('10.1.0.0/24'), up('10.1.1.0/24')], '10.1.1.5', false],
  ['behind none of them', [down('10.1.0.0/24')], '10.2.0.5', false],
  ['two with the same prefix, the first is reached', [up('10.1.0.0/24'), down('10.1.0.0/24')], '10.1.0.5', false],
  ['two with the same prefix, the second is reached', [down('10.1.0.0/24'), up('10.1.0.0/24')], '10.1.0.5', false],
  ['a node by itself inside of a location that is not reached', [down('10.1.0.0/16'), up('10.1.7.0/24')], '10.1.7.5', false],
  ['a node by itself that is not reached', [up('10.1.0.0/16'), down('10.1.7.0/24')], '10.1.7.5', true],
  ['an address of a node', [down('192.168.1.13/32')], '192.168.1.13', true],
  ['IPv6, however it is written', [down('fd00:1::/64')], 'fd00:0001::5', true],
  ['IPv6 beside IPv4', [down('0.0.0.0/0')], 'fd00:1::5', false],
  ['what is no address', [down('0.0.0.0/0', '::/0')], 'east.example', false],
  ['what is no prefix', [down('east', '10.1.0.0/24')], '10.1.0.5', true],
])('%s', (_name, segments, address, isCut) => {
  expect(cutOff(segments)(address)).toBe(isCut);
});
