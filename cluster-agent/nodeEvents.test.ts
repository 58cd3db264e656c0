import { expect, test } from '@jest/globals';
import type { MeshNode } from '../core/api/meshNode.js';
import type { PlannedCondition } from '../core/api/conditions.js';
import { cluster } from '../test/fakes/mesh.js';
import { nodeEvent } from './nodeEvents.js';

const IN_USE = 'ip link set kilo0 up: Address already in use: something else has UDP port 51820 (ss -ulnp tells what): end it';
const MESHED: PlannedCondition = { type: 'Ready', status: 'True', reason: 'Meshed', message: '' };
const FAILING: PlannedCondition = { type: 'Ready', status: 'False', reason: 'HostFailing', message: IN_USE };
const DROPS = "no tunnel works, and its host's firewall drops UDP 51820 (a tunnel)";
const DROPPING: PlannedCondition = { type: 'Ready', status: 'False', reason: 'FirewallDrops', message: DROPS };
const LOST: PlannedCondition = { type: 'Ready', status: 'False', reason: 'NodeLost', message: 'no word of its kubelet' };

function node(before: PlannedCondition | undefined): MeshNode {
  const [one] = cluster([{ name: 'a', podCIDR: '10.1.0.0/24' }], '10.4.0.0/16');
  if (one === undefined) throw new Error('one node');
  const conditions = before === undefined ? [] : [{ ...before, lastTransitionTime: '2026-01-01T00:00:00Z' }];
  return { ...one, status: { ...one.status, conditions } };
}

const FAILED = { type: 'Warning', reason: 'HostFailing', note: IN_USE };

test.each([
  ['report 4: its host fails', MESHED, FAILING, FAILED],
  ['it begins so', undefined, FAILING, FAILED],
  ['the host says something else of it', FAILING, { ...FAILING, message: 'ip link set kilo1 up: no' }, undefined],
  ['its firewall cuts it off', MESHED, DROPPING, { type: 'Warning', reason: 'FirewallDrops', note: DROPS }],
  ['its firewall is opened', DROPPING, MESHED, { type: 'Normal', reason: 'Meshed', note: 'a is in the mesh again' }],
  ['another reason', FAILING, LOST, undefined],
  ['another reason from the beginning', undefined, LOST, undefined],
  ['which goes', LOST, MESHED, undefined],
  ['it works again', FAILING, MESHED, { type: 'Normal', reason: 'Meshed', note: 'a is in the mesh again' }],
  ['it is new', undefined, MESHED, undefined],
  ['it stays', MESHED, MESHED, undefined],
] as const)('%s', (_what, before, after, expected) => {
  expect(nodeEvent(node(before), [after])).toEqual(expected);
});
