import { expect, test } from '@jest/globals';
import { RULES } from '../../test/fakes/services.js';
import type { Member } from '../members/member.js';
import { createFederation } from './federation.js';

test.each<[string | undefined, string | undefined]>([
  ['https://10.6.6.6:6443', '10.6.6.6/32'],
  ['https://[FD00::6]:6443', 'fd00::6/128'],
  ['https://10.6.6.6', '10.6.6.6/32'],
  ['https://10.6.6.6:6443/clusters/east', '10.6.6.6/32'],
  ['https://api.example.org:6443', undefined],
  ['nothing', undefined],
  [undefined, undefined],
])('the API server %s is at %s', (server, address) => {
  const member = { id: 'east', server: () => server } as unknown as Member;
  const { apiServers } = createFederation({ members: () => [member], isGone: () => false, isWithdrawn: () => false, rules: RULES });
  expect(apiServers()).toEqual(address === undefined ? [] : [{ id: 'east', address }]);
});
