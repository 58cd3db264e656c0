import { expect, test } from '@jest/globals';
import { sha256 } from '../../test/fakes/services.js';
import { derivedServiceName, mirroredSliceName } from './names.js';

test("the derived name is base32hex of the SHA-256, as Python's base64.b32hexencode gives it", () => {
  expect(derivedServiceName('demo', 'web', sha256)).toBe('derived-scaifns3gd');
});

test('a slice name fits a label, tells members apart, and ends in its hash', () => {
  const name = mirroredSliceName('a'.repeat(63), { cluster: 'east', uid: 'u' }, sha256);
  expect(name.length).toBeLessThanOrEqual(63);
  expect(name).not.toBe(mirroredSliceName('a'.repeat(63), { cluster: 'west', uid: 'u' }, sha256));
});
