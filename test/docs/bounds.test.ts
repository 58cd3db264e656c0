/**
 * The table of bounds in the reference says the numbers that the hub goes by.
 */
import { expect, test } from '@jest/globals';
import { BOUND } from '../../core/services/bounds.js';
import { readPages } from './pages.js';

test.each([
  ['exported Services of a member', BOUND.exports],
  ['exported Services of one namespace of a member', BOUND.exportsOfNamespace],
  ['`ServiceExports` of people that say that they wait for room', BOUND.waitingTold],
  ['members that one export names', BOUND.targets],
  ['namespaces that are made in a member for another one', BOUND.createdNamespaces],
  ['ports of an exported Service, and of its mirrors', BOUND.ports],
  ['EndpointSlices of an exported Service', BOUND.slices],
  ['endpoints of an EndpointSlice', BOUND.endpoints],
  ['addresses of all endpoints of an exported Service', BOUND.endpointAddresses],
])('%s: %i', (what, most) => {
  const text = readPages().find(({ path }) => path === 'docs/reference.md')?.text ?? '';
  expect(text.split('\n').filter((line) => line.startsWith(`| ${what} | ${most} |`))).toHaveLength(1);
});
