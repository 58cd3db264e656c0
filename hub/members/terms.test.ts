import { describe, expect, test } from '@jest/globals';
import { readTerms } from './terms.js';

const read = (annotations: Readonly<Record<string, string>>): ReturnType<typeof readTerms> =>
  readTerms(annotations, { id: 'east', origin: 'secret kilofed/east' });

describe('terms', () => {
  test.each([
    [{}, {}],
    [{ 'example.org/allowed-cidrs': 'anything' }, {}],
    [{ 'kilofed.io/allowed-cidrs': '10.1.0.0/16, fd00:1:0::/48,10.1.0.0/16' }, { allowedCIDRs: ['10.1.0.0/16', 'fd00:1::/48'] }],
    [{ 'kilofed.io/allowed-cidrs': '203.0.113.7/32' }, { allowedCIDRs: ['203.0.113.7/32'] }],
    [{ 'kilofed.io/allowed-cidrs': '' }, { allowedCIDRs: [] }],
    [{ 'kilofed.io/service-cidrs': '10.96.0.0/16,fd00:96::/112' }, { serviceCIDRs: ['10.96.0.0/16', 'fd00:96::/112'] }],
    [{ 'kilofed.io/cluster-uid': ' 0b0b0b0b-1111-2222-3333-444444444444\n' }, { clusterUid: '0b0b0b0b-1111-2222-3333-444444444444' }],
    [{ 'kilofed.io/export-namespaces': 'demo,team-*, ' }, { exportNamespaces: ['demo', 'team-*'] }],
    [{ 'kilofed.io/export-namespaces': '*' }, { exportNamespaces: ['*'] }],
    [{ 'kilofed.io/export-namespaces': ' , ' }, { exportNamespaces: [] }],
    [{ 'kilofed.io/time-to-live': '90m\n' }, { timeToLiveMs: 5_400_000 }],
    [{ 'kilofed.io/time-to-live': 'never' }, { timeToLiveMs: Number.POSITIVE_INFINITY }],
    [
      { 'kilofed.io/drain': 'true', 'kilofed.io/cordon': ' true\n' },
      { drained: true, cordoned: true },
    ],
    [{ 'kilofed.io/drain': 'false', 'kilofed.io/cordon': 'false' }, {}],
    [{ 'kilofed.io/labels': 'tier=edge, example.org/region = eu,' }, { labels: { 'example.org/region': 'eu', tier: 'edge' } }],
  ])('%j declare %j', (annotations, terms) => {
    expect(read(annotations)).toEqual({ terms, problems: [] });
  });

  test.each([
    ['kilofed.io/allowed-cidrs', '10.0.0.0', { allowedCIDRs: [] }],
    ['kilofed.io/allowed-cidrs', '10.0.0.1/8', { allowedCIDRs: [] }],
    ['kilofed.io/allowed-cidrs', '10.1.0.0/16 10.2.0.0/16', { allowedCIDRs: [] }],
    ['kilofed.io/allowed-cidrs', 'all,10.1.0.0/16', { allowedCIDRs: ['10.1.0.0/16'] }],
    ['kilofed.io/service-cidrs', '10.96.0.0', { serviceCIDRs: [] }],
    ['kilofed.io/cluster-uid', 'east', { clusterUid: 'east' }],
    ['kilofed.io/cluster-uid', '', { clusterUid: '' }],
    ['kilofed.io/export-namespaces', 'Demo,*-team', { exportNamespaces: [] }],
    ['kilofed.io/export-namespaces', 'demo\u001b[2K', { exportNamespaces: [] }],
    ['kilofed.io/allowed-cidr', '10.1.0.0/16', {}],
    ['kilofed.io/time-to-live', '24', {}],
    ['kilofed.io/time-to-live', '', {}],
    ['kilofed.io/time-to-live', '0s', {}],
    ['kilofed.io/time-to-live', 'Never', {}],
    ['kilofed.io/drain', 'yes', {}],
    ['kilofed.io/drain', '', {}],
    ['kilofed.io/cordon', 'True', { cordoned: true }],
    ['kilofed.io/labels', 'region', {}],
    ['kilofed.io/labels', 'region=eu=west,kilofed.io/cluster=west,a/b/c=d,tier=', {}],
  ])('%s: %j is a problem, and never means more', (key, value, terms) => {
    const { problems, ...found } = read({ [key]: value });
    expect(found).toEqual({ terms });
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) expect(problem).toMatchObject({ cluster: 'east', subject: { kind: 'member' }, reason: 'BadTerms' });
    expect(problems[0]?.message).toContain(`${key} of secret kilofed/east`);
  });

  test('the labels of a Secret are those of its member, but for ours', () => {
    const labels = { region: 'eu', 'kilofed.io/cluster': 'east', 'a.kilofed.io/b': 'c', '-bad': 'x', empty: '' };
    const { terms, problems } = readTerms({ 'kilofed.io/labels': 'region=us' }, { id: 'east', origin: 'secret kilofed/east', labels });
    expect([terms, problems]).toEqual([{ labels: { empty: '', region: 'us' } }, []]);
  });

  test('a member has at most 32 labels', () => {
    const labels = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`l${String(index).padStart(2, '0')}`, 'x']));
    const { terms, problems } = readTerms({}, { id: 'east', origin: 'secret kilofed/east', labels });
    expect(Object.keys(terms.labels ?? {})).toEqual(Object.keys(labels).slice(0, 32));
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining('more than 32')]);
  });

  test('a list has at most 256 entries', () => {
    const all = Array.from({ length: 300 }, (_, index) => `10.${index % 256}.${index >> 8}.0/24`);
    const { terms, problems } = read({ 'kilofed.io/allowed-cidrs': all.join() });
    expect([terms.allowedCIDRs?.length, problems.length]).toEqual([256, 1]);
  });
});
