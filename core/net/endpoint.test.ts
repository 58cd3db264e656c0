import { expect, test } from '@jest/globals';
import { formatEndpoint, parseEndpoint } from './endpoint.js';

test.each([
  ['192.0.2.1:51820', '192.0.2.1', 51820],
  ['[2001:db8::1]:51820', '2001:db8::1', 51820],
])('%s is read and written', (text, address, port) => {
  expect(parseEndpoint(text)).toEqual({ address, port });
  expect(formatEndpoint({ address, port })).toBe(text);
});

test('IPv6 is canonical once it is read', () => {
  expect(parseEndpoint('[2001:db8:0::1]:1')).toEqual({ address: '2001:db8::1', port: 1 });
});

test.each([
  '',
  '(none)',
  '192.0.2.1',
  '192.0.2.1:0',
  '192.0.2.1:65536',
  '2001:db8::1:51820',
  '[fe80::1%eth0]:51820',
  'gw.example.org:51820',
])('%j is none', (text) => {
  expect(parseEndpoint(text)).toBeUndefined();
});
