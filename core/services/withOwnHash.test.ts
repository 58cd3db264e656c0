import { expect, test } from '@jest/globals';
import { sha256 } from '../../test/fakes/services.js';
import type { KubeObject } from '../api/resources.js';
import { canonical, withOwnHash } from './withOwnHash.js';

test('the hash does not depend on the order of keys, and does on every value', () => {
  expect(canonical({ b: 1, a: [{ d: undefined, c: 'x' }] })).toBe('{"a":[{"c":"x"}],"b":1}');
  const object = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } };
  const hashOf = (of: KubeObject): unknown => withOwnHash(of, sha256).metadata.annotations?.['kilofed.io/hash'];
  expect(hashOf(object)).not.toBe(hashOf({ ...object, kind: 'Other' }));
});
