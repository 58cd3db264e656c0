import { describe, expect, test } from '@jest/globals';
import { type DnsStatus, dnsStatus, type PodAnswer } from './dnsStatus.js';
import type { ConfigMap, DnsFacts, Workload } from './facts.js';
import { changedConfig, readerObjects } from './objects.js';
import { isTold, planDisable, planEnable, SERVER_KEY } from './planDns.js';
import { findNodeLocal, findServer } from './workloads.js';

const BEFORE = '.:53 {\n    kubernetes cluster.local {\n        ttl 30\n    }\n    reload\n}\n';
const AFTER =
  '.:53 {\n    kubernetes cluster.local clusterset.local {\n        multicluster clusterset.local\n        ttl 30\n    }\n    reload\n}\n';

function config(corefile: string, metadata: Partial<ConfigMap['metadata']> = {}): ConfigMap {
  return { metadata: { name: 'coredns', resourceVersion: '7', ...metadata }, data: { Corefile: corefile, NodeHosts: '10.0.0.1 a' } };
}

function facts(differs: Partial<DnsFacts> = {}): DnsFacts {
  const server = { name: 'Deployment coredns', serviceAccount: 'coredns', image: 'registry.k8s.io/coredns/coredns:v1.13.1' };
  return { namespace: 'kube-system', config: config(BEFORE), server, kinds: true, allowed: true, ...differs };
}

const SERVER = facts().server;

describe('enable', () => {
  test('changes the Corefile, and nothing else of the ConfigMap', () => {
    const plan = planEnable(facts(), { force: false });
    expect(plan).toMatchObject({
      ok: true,
      value: {
        change: { key: 'Corefile', after: AFTER },
        reader: { namespace: 'kube-system', name: 'coredns' },
        notes: [expect.stringMatching(/within about two minutes/)],
      },
    });
    if (!plan.ok || plan.value.change === undefined) throw new Error('no change');
    expect(changedConfig(plan.value.change, 'kube-system')).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'coredns', namespace: 'kube-system' },
      data: { Corefile: AFTER, NodeHosts: '10.0.0.1 a' },
    });
  });

  test('changes nothing where it is so already, and still gives the right', () => {
    expect(planEnable(facts({ config: config(AFTER) }), { force: false })).toEqual({
      ok: true,
      value: { reader: { namespace: 'kube-system', name: 'coredns' }, notes: [] },
    });
  });

  test('says what to restart where nothing reloads', () => {
    const plan = planEnable(facts({ config: config(BEFORE.replace('    reload\n', '')) }), { force: false });
    expect(plan).toMatchObject({ value: { notes: [expect.stringMatching(/kubectl rollout restart deployment\/coredns$/)] } });
  });

  test.each<[string, Partial<DnsFacts>, RegExp]>([
    [
      'an older CoreDNS',
      { server: { ...SERVER, image: 'coredns:1.12.1' } as DnsFacts['server'] } as DnsFacts,
      /CoreDNS 1\.12\.1 would not start/,
    ],
    ['an image that does not tell', { server: { ...SERVER, image: 'coredns:main' } } as DnsFacts, /say it with --coredns-version/],
    ['no ServiceImports', { kinds: false }, /apply manifests\/crds-multicluster\.yaml first/],
    [
      'a node-local cache',
      { nodeLocal: { name: 'DaemonSet node-local-dns', sendsZone: false } },
      /docs\/clusterset-dns\.md says, or go on with --force/,
    ],
    [
      'Helm',
      { config: config(BEFORE, { annotations: { 'meta.helm.sh/release-name': 'rke2-coredns' } }) },
      /the Helm release rke2-coredns writes/,
    ],
    [
      'the addon manager',
      { config: config(BEFORE, { labels: { 'addonmanager.kubernetes.io/mode': 'Reconcile' } }) },
      /addon manager writes/,
    ],
    [
      'k3s without custom server blocks',
      { config: config(BEFORE, { annotations: { 'objectset.rio.cattle.io/hash': 'a' } }) },
      /k3s or RKE2 writes/,
    ],
    [
      'a Corefile that is not understood',
      { config: config('. {\n kubernetes\n}\n') },
      /left as it is: line 2: the kubernetes plugin names no zone/,
    ],
    ['no Corefile', { config: { metadata: { name: 'coredns' } } }, /has no Corefile/],
  ])('refuses %s', (_name, differs, error) => {
    expect(planEnable(facts(differs), { force: false })).toEqual({ ok: false, error: expect.stringMatching(error) });
  });

  test('refuses a ConfigMap that nothing mounts', () => {
    const { server: _none, ...rest } = facts();
    expect(planEnable(rest, { force: true })).toMatchObject({ ok: false, error: expect.stringMatching(/mounts the ConfigMap coredns/) });
  });

  test.each<[string, Partial<DnsFacts>]>([
    ['Helm', { config: config(BEFORE, { annotations: { 'meta.helm.sh/release-name': 'rke2-coredns' } }) }],
    ['a node-local cache', { nodeLocal: { name: 'DaemonSet node-local-dns', sendsZone: false } }],
  ])('goes on beside %s when told so', (_name, differs) => {
    expect(planEnable(facts(differs), { force: true })).toMatchObject({ ok: true, value: { change: { after: AFTER } } });
  });

  test('takes the version from whoever knows it, and an older one not even then', () => {
    const unknown = facts({ server: { name: 'Deployment coredns', serviceAccount: 'coredns', image: 'coredns:main' } });
    expect(planEnable(unknown, { force: false, version: '1.12.2' })).toMatchObject({ ok: true });
    expect(planEnable(unknown, { force: true, version: '1.12.1' })).toMatchObject({ ok: false });
  });
});

describe('where the Corefile imports server blocks of people', () => {
  const imported = config(`${BEFORE}import custom/*.server\n`, { labels: { 'addonmanager.kubernetes.io/mode': 'Reconcile' } });
  const further = (data?: Record<string, string>): DnsFacts =>
    facts({
      config: imported,
      server: {
        name: 'Deployment coredns',
        serviceAccount: 'coredns',
        image: 'coredns:1.13.1',
        further: {
          name: 'coredns-custom',
          ...(data !== undefined && { existing: { metadata: { name: 'coredns-custom', resourceVersion: '9' }, data } }),
        },
      },
    });

  test.each([
    ['no ConfigMap yet', undefined],
    ['one with what somebody else put there', { 'corp.server': 'corp.example:53 {\n  forward . 192.0.2.1\n}\n' }],
  ])('%s: enable adds a block, disable takes it away', (_name, data) => {
    const plan = planEnable(further(data), { force: false });
    if (!plan.ok || plan.value.change === undefined) throw new Error('no change');
    const changed = changedConfig(plan.value.change, 'kube-system').data as Record<string, string>;
    expect(Object.keys(changed)).toEqual([...Object.keys(data ?? {}), SERVER_KEY]);
    expect(changed[SERVER_KEY]).toMatch(/^clusterset\.local:53 {$/m);
    expect(isTold(further(data))).toEqual({ ok: true, value: false });
    expect(isTold(further(changed))).toEqual({ ok: true, value: true });
    const again = planEnable(further(changed), { force: false });
    expect(again.ok && again.value.change).toBe(undefined);
    const back = planDisable(further(changed));
    if (!back.ok || back.value.change === undefined) throw new Error('no change back');
    expect(changedConfig(back.value.change, 'kube-system').data).toEqual(data ?? {});
  });

  test("a person's own block stays the only one, also when it is disabled", () => {
    const own = further({
      'mcs.server': 'clusterset.local:53 {\n  kubernetes clusterset.local {\n    multicluster clusterset.local\n  }\n}\n',
    });
    expect(planEnable(own, { force: false })).toMatchObject({
      ok: true,
      value: { notes: [expect.stringMatching(/^mcs\.server of .* already$/)] },
    });
    expect(isTold(own)).toEqual({ ok: true, value: true });
    expect(planDisable(own)).toEqual({ ok: true, value: { notes: [] } });
  });
});

test('disable changes the Corefile back, and then nothing', () => {
  expect(planDisable(facts({ config: config(AFTER) }))).toMatchObject({ ok: true, value: { change: { key: 'Corefile', after: BEFORE } } });
  expect(planDisable(facts())).toEqual({ ok: true, value: { notes: [] } });
  expect(planDisable(facts({ config: config('{') }))).toMatchObject({ ok: false });
});

test('disable does not need what enable needs', () => {
  expect(planDisable(facts({ config: config(AFTER), kinds: false, allowed: false }))).toMatchObject({
    ok: true,
    value: { change: { after: BEFORE } },
  });
});

test('the right is one: to list and watch ServiceImports', () => {
  const [role, binding] = readerObjects({ namespace: 'kube-system', name: 'coredns' });
  expect(role).toMatchObject({
    rules: [{ apiGroups: ['multicluster.x-k8s.io'], resources: ['serviceimports'], verbs: ['list', 'watch'] }],
  });
  expect(binding).toMatchObject({ subjects: [{ kind: 'ServiceAccount', namespace: 'kube-system', name: 'coredns' }] });
});

describe('status', () => {
  const TOLD = { config: config(AFTER) };
  const YES = { ok: true, value: true } as const;
  const NO = { ok: true, value: false } as const;
  const NOT_ASKED = { ok: false, error: 'you may not' } as const;
  const old = { name: 'Deployment coredns', serviceAccount: 'coredns', image: 'coredns:1.11.3' };
  const nodeLocal = { name: 'DaemonSet node-local-dns', sendsZone: false };

  test.each<[string, Partial<DnsFacts>, readonly PodAnswer['answers'][], readonly [DnsStatus['state'], ...RegExp[]]]>([
    ['never heard of it', { kinds: false, allowed: false }, [NO], ['absent']],
    ['never heard of it, and nobody to ask', {}, [], ['absent']],
    ['answers from all', TOLD, [YES, YES], ['served']],
    ['one that has not read the Corefile yet', TOLD, [YES, NO], ['broken', /pod-1 does not answer .* two minutes/]],
    ['one that cannot be asked', TOLD, [YES, NOT_ASKED], ['served', /pod-1 could not be asked: you may not/]],
    ['nobody may ask', TOLD, [NOT_ASKED], ['configured', /pod-0 could not be asked/]],
    ['nobody to ask', TOLD, [], ['configured']],
    ['without the right', { ...TOLD, allowed: false }, [YES], ['broken', /may not read/]],
    ['without the kinds', { ...TOLD, kinds: false }, [], ['broken', /no ServiceImports/]],
    ['an older CoreDNS', { ...TOLD, server: old }, [NO], ['broken', /1\.11\.3 does not know/, /does not answer/]],
    ['behind a node-local cache', { ...TOLD, nodeLocal }, [YES], ['broken', /node-local/]],
    ['a Corefile that is not understood', { config: config('{') }, [], ['unknown', /line 1/]],
    ['the same, without the zone', { config: config('{') }, [NO], ['absent', /line 1/]],
    ['the same, with it', { config: config('{') }, [YES], ['served', /line 1/]],
  ])('%s', (_name, differs, answers, [state, ...problems]) => {
    const found = dnsStatus(
      facts(differs),
      answers.map((each, index) => ({ pod: `pod-${index}`, answers: each })),
    );
    expect(found).toMatchObject({ state, problems: problems.map((each) => expect.stringMatching(each)) });
  });
});

describe('who runs with a ConfigMap', () => {
  const workload = (name: string, image: string, volumes: Readonly<Record<string, readonly [string, string]>>): Workload => ({
    kind: 'Deployment',
    metadata: { name },
    spec: {
      template: {
        spec: {
          serviceAccountName: `${name}-account`,
          containers: [
            { image: 'sidecar:1' },
            { image, volumeMounts: Object.entries(volumes).map(([volume, [mountPath]]) => ({ name: volume, mountPath })) },
          ],
          volumes: Object.entries(volumes).map(([volume, [, configMap]]) => ({ name: volume, configMap: { name: configMap } })),
        },
      },
    },
  });
  const mounted = workload('dns', 'coredns:1.13.1', { main: ['/etc/coredns', 'dns-config'], more: ['/etc/coredns/custom/', 'dns-more'] });

  test.each([
    ['custom/*.server', 'dns-more'],
    ['/etc/coredns/custom/*.server', 'dns-more'],
    ['/elsewhere/*.server', undefined],
    ['custom/*.override', undefined],
  ])('imports %s: %s', (pattern, further) => {
    expect(findServer([workload('web', 'web:1', {}), mounted], 'dns-config', `import ${pattern}\n`)).toEqual({
      name: 'Deployment dns',
      serviceAccount: 'dns-account',
      image: 'coredns:1.13.1',
      ...(further !== undefined && { further }),
    });
  });

  test('or nobody', () => {
    expect(findServer([mounted], 'coredns', '')).toBe(undefined);
  });

  test('node-local caches', () => {
    const cache = workload('node-local-dns', 'registry.k8s.io/dns/k8s-dns-node-cache:1.23.1', {
      config: ['/etc/coredns', 'node-local-dns'],
    });
    expect(findNodeLocal([mounted, cache])).toEqual([{ name: 'Deployment node-local-dns', configs: ['node-local-dns'] }]);
  });
});
