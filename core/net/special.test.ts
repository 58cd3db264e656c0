import { expect, test } from '@jest/globals';
import { isPrivate, isSpecial } from './special.js';

test.each([
  '0.0.0.0',
  '127.0.0.1',
  '169.254.169.254',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:10.0.0.1',
  'fe80::1',
  'ff02::1',
  '0.0.0.0/0',
  '::/0',
  '126.0.0.0/7',
  'nothing',
  '',
])('%j is special', (text) => {
  expect(isSpecial(text)).toBe(true);
});

test.each(['10.0.0.1', '100.64.0.0/10', '192.168.0.0/16', '203.0.113.1', 'fd00::/8', '2001:db8::1'])('%s is not', (text) => {
  expect(isSpecial(text)).toBe(false);
});

test.each<[string, boolean]>([
  ['10.1.2.3', true],
  ['172.16.0.1', true],
  ['172.31.255.255', true],
  ['192.168.0.1', true],
  ['100.64.0.1', true],
  ['fd00::1', true],
  ['fc00::1', true],
  ['9.255.255.255', false],
  ['172.15.0.1', false],
  ['172.32.0.1', false],
  ['192.169.0.1', false],
  ['100.128.0.1', false],
  ['2001:db8::1', false],
  ['nothing', false],
])('%s is private: %j', (address, expected) => {
  expect(isPrivate(address)).toBe(expected);
});
