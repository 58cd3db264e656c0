import { expect, test } from '@jest/globals';
import { EMPTY_HOST } from '../../test/host/emptyHost.js';
import { gatewayPlan } from '../../test/host/plans.js';
import type { NodePlan } from '../mesh/plan.js';
import { diffGroups } from './diffRouting.js';
import { KERNEL_RELEASE } from './diffSysctls.js';
import { tellPlainGroups } from './plainGroups.js';
import { changeText } from './render.js';

const STICKY = gatewayPlan({ remotes: [{ name: 'east', prefixes: ['10.42.0.0/24'] }] });
const SPREAD: NodePlan = {
  ...STICKY,
  groups: STICKY.groups.map((group) => ({ ...group, active: STICKY.nexthops.map(({ id }) => id), spread: true })),
};

function commandsOn(release: string | undefined): readonly string[] {
  const sysctls = new Map(release === undefined ? [] : [[KERNEL_RELEASE, release]]);
  return diffGroups(SPREAD, { ...EMPTY_HOST, sysctls }).set.map(changeText);
}

test.each(['5.10.0-39-amd64', '5.4.0-150-generic', '4.18.0-553.el8.x86_64', '5.12.19'])(
  '%s: a plain group of all, and it is told',
  (release) => {
    expect(commandsOn(release)).toEqual([expect.stringMatching(/ group \d+\/\d+ protocol 107$/)]);
    expect(tellPlainGroups(SPREAD, release).problems).toEqual([
      expect.objectContaining({ reason: 'PlainGroups', subject: { kind: 'node', name: 'a' }, message: expect.stringContaining(release) }),
    ]);
  },
);

test.each(['5.13.0', '5.15.0-105-generic', '6.1.0-57-amd64', '10.2.1', 'unreadable', undefined])('%s: a resilient one', (release) => {
  expect(commandsOn(release)).toEqual([expect.stringMatching(/ group \d+\/\d+ type resilient buckets \d+ protocol 107$/)]);
  expect(tellPlainGroups(SPREAD, release)).toBe(SPREAD);
});

test('where no group shares flows, an old kernel lacks nothing', () => {
  expect(tellPlainGroups(STICKY, '5.10.0-39-amd64')).toBe(STICKY);
});
