import { describe, expect, test } from '@jest/globals';
import { problemText } from '../api/problem.js';
import { createFakeHost, type FakeHost } from '../../test/host/fakeHost.js';
import type { Cni, NodePlan } from '../mesh/plan.js';
import { cniProblems } from './diffCni.js';
import { emptyPlan } from './emptyPlan.js';
import { createHostModel } from './hostModel.js';
import { planChanges } from './planChanges.js';
import { changeText } from './render.js';

const FLANNEL = '10-flannel.conflist';
const cni: Cni = { podCIDRs: ['10.42.1.0/24'], mtu: 1420, others: 'keep' };

function host(files?: Readonly<Record<string, string>>): FakeHost {
  return createFakeHost('eth0', 1, { cni: files });
}

/** Carries out the changes to `desired`; they must be known to the model, and be all that is to do. */
function go(on: FakeHost, desired: Cni | undefined): readonly string[] {
  const plan: NodePlan = { ...emptyPlan('a'), ...(desired === undefined ? {} : { cni: desired }) };
  const model = createHostModel(on.state());
  const changes = planChanges({ desired: plan, observed: on.state(), prior: new Map(), publicKey: '' });
  for (const change of changes) {
    expect(on.run(change)).toBeUndefined();
    model.record(change);
  }
  expect(model.state().cni).toEqual(on.state().cni);
  expect(planChanges({ desired: plan, observed: on.state(), prior: new Map(), publicKey: '' })).toEqual([]);
  return changes.map(changeText);
}

describe('the folder of CNI configurations', () => {
  test.each<[string, Readonly<Record<string, string>> | undefined, Cni | undefined, readonly string[]]>([
    ['is written to where it is empty', {}, cni, ['write 10-kilofed.conflist']],
    ['is left alone where CNI is off', { [FLANNEL]: '{}' }, undefined, []],
    ['is left alone where it cannot be seen', undefined, cni, []],
    ['is not written to without a pod CIDR', {}, { ...cni, podCIDRs: [] }, []],
    ['keeps what others have in it', { [FLANNEL]: '{}', '99-loopback.conf': '{}' }, cni, ['write 10-kilofed.conflist']],
    [
      'loses what would win, by another name, when told to',
      { [FLANNEL]: '{}', '99-loopback.conf': '{}' },
      { ...cni, others: 'disable' },
      ['write 10-kilofed.conflist', 'mv 10-flannel.conflist 10-flannel.conflist.kilofed-disabled'],
    ],
  ])('%s', (_what, files, desired, commands) => {
    expect(go(host(files), desired)).toEqual(commands);
  });

  test('is as before when CNI is off again, and on clean-up', () => {
    const one = host({ [FLANNEL]: '{"name":"flannel"}' });
    const before = one.state().cni;
    go(one, { ...cni, others: 'disable' });
    expect(go(one, undefined)).toEqual(['mv 10-flannel.conflist.kilofed-disabled 10-flannel.conflist', 'rm 10-kilofed.conflist']);
    expect(one.state().cni).toEqual(before);
  });

  test('follows a new MTU', () => {
    const one = host({});
    go(one, cni);
    expect(go(one, { ...cni, mtu: 1320 })).toEqual(['write 10-kilofed.conflist']);
    expect(one.state().cni?.own).toContain('"mtu": 1320');
  });
});

describe('what stands in the way', () => {
  const folder = { others: [], disabled: [] };
  test.each<[string, Cni | undefined, Parameters<typeof cniProblems>[2], string | undefined]>([
    ['nothing', cni, folder, undefined],
    ['nothing, where CNI is off', undefined, { ...folder, others: [FLANNEL] }, undefined],
    ['no folder', cni, undefined, 'apply manifests/cluster-cni.yaml'],
    ['no pod CIDR', { ...cni, podCIDRs: [] }, folder, '--allocate-node-cidrs'],
    ['a name before ours', cni, { ...folder, others: [FLANNEL] }, 'container runtimes take 10-flannel.conflist'],
    ["Kilo's own file", cni, { ...folder, others: ['10-kilo.conflist'] }, 'container runtimes take 10-kilo.conflist'],
    ['a name behind ours is none', cni, { ...folder, others: ['10-kindnet.conflist', '100-crio.conf'] }, undefined],
    ['one that is about to be disabled is none', { ...cni, others: 'disable' }, { ...folder, others: [FLANNEL] }, undefined],
  ])('%s', (_what, desired, at, part) => {
    expect(cniProblems('a', desired, at).map(problemText)).toEqual(part === undefined ? [] : [expect.stringContaining(part)]);
  });
});
