import { expect, test } from '@jest/globals';
import { newestRelease } from './newestRelease.js';

test('the newest of a form, by its numbers', () => {
  const releases = ['6.1.0-9-amd64', '6.1.0-57-amd64', '6.1.0-47-amd64', '6.1.0-99-cloud-amd64', '6.1.0-98-amd64-unsigned', ''];
  expect(newestRelease(releases, /^6\.1\.0-\d+-amd64$/)).toBe('6.1.0-57-amd64');
  expect(newestRelease(releases, /^5\.10\.0-\d+-amd64$/)).toBeUndefined();
});
