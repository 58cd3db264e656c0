/**
 * clusterset.local by a real CoreDNS that reads a real API server: `kilofed dns`, and every kind of name. Imports are written by hand.
 * The tests run in order.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCommand } from '../../cli/commands.js';
import { until } from '../lab/process.js';
import { type CoreDns, type CoreDnsPlaces, coreDnsPlaces, type RecordType, startCoreDns } from './coreDns.js';
import { importedSlice, installedCoreDns, list, serviceImport } from './dnsObjects.js';
import { applyYaml, kubectl } from './kubectl.js';
import { describeWithApiServer } from './suite.js';

const ACCOUNT = 'system:serviceaccount:kube-system:coredns';
const GROUPS = ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'];
const CRDS = join(import.meta.dirname, '../../../manifests/crds-multicluster.yaml');
const IMAGE = 'registry.k8s.io/coredns/coredns:v1.13.1';

const WEB = [{ name: 'http', port: 80 }];
const DB = [
  { name: 'pg', port: 5432 },
  { name: 'metrics', port: 9187 },
];
const IMPORTS = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' } },
  serviceImport('web', { ports: WEB, ips: ['10.96.77.1', 'fd00:96::1'] }),
  serviceImport('plain', { ports: [{ port: 80 }], ips: ['10.96.77.2'] }),
  serviceImport('early', { ports: WEB, ips: [] }),
  importedSlice('web', 'east', [{ address: '10.1.0.9', hostname: 'web-0' }], WEB),
  serviceImport('db', { ports: DB }),
  importedSlice('db', 'east', [{ address: '10.1.0.1', hostname: 'db-0' }, { address: '10.1.0.2' }], DB),
  importedSlice(
    'db',
    'west',
    [
      { address: '10.2.0.1', hostname: 'db-0' },
      { address: '10.2.0.2', ready: false, hostname: 'db-1' },
    ],
    DB,
  ),
  importedSlice('db', 'east', [{ address: 'fd00:1::1', hostname: 'db-0' }], DB),
  serviceImport('idle', { ports: DB }),
  importedSlice('idle', 'east', [{ address: '10.1.0.3', hostname: 'idle-0', ready: false }], DB),
  serviceImport('bare', { ports: DB }),
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'own', namespace: 'demo' }, spec: { clusterIP: '10.96.5.5', ports: WEB } },
];

const ANSWERS: readonly (readonly [string, RecordType, string, readonly string[] | string])[] = [
  ['ClusterSetIP', 'A', 'web', ['10.96.77.1']],
  ['ClusterSetIP, dual stack', 'AAAA', 'web', ['fd00:96::1']],
  ['ClusterSetIP, one family', 'AAAA', 'plain', 'ENODATA'],
  ['ClusterSetIP, named port', 'SRV', '_http._tcp.web', ['web.demo.svc.clusterset.local:80']],
  ['an unnamed port', 'SRV', '_http._tcp.plain', 'ENOTFOUND'],
  ['a port of another protocol', 'SRV', '_http._udp.web', 'ENOTFOUND'],
  ['an import without addresses yet', 'A', 'early', 'ENODATA'],
  ['headless: all that are ready', 'A', 'db', ['10.1.0.1', '10.1.0.2', '10.2.0.1']],
  ['headless, IPv6', 'AAAA', 'db', ['fd00:1::1']],
  ['a host of a cluster', 'A', 'db-0.east.db', ['10.1.0.1']],
  ['a host of a cluster, IPv6', 'AAAA', 'db-0.east.db', ['fd00:1::1']],
  ['the same host of another', 'A', 'db-0.west.db', ['10.2.0.1']],
  ['one without a hostname', 'A', '10-1-0-2.east.db', ['10.1.0.2']],
  ['a host behind a ClusterSetIP', 'A', 'web-0.east.web', ['10.1.0.9']],
  [
    'headless, named port',
    'SRV',
    '_pg._tcp.db',
    [
      '10-1-0-2.east.db.demo.svc.clusterset.local:5432',
      'db-0.east.db.demo.svc.clusterset.local:5432',
      'db-0.west.db.demo.svc.clusterset.local:5432',
    ],
  ],
  ['headless, none ready', 'A', 'idle', 'ENOTFOUND'],
  ['headless, no slice', 'A', 'bare', 'ENOTFOUND'],
  ['a host that is not ready', 'A', 'db-1.west.db', 'ENOTFOUND'],
  ['a cluster alone, reserved', 'A', 'east.db', 'ENOTFOUND'],
  ['a cluster alone, reserved', 'A', 'east.web', 'ENOTFOUND'],
  ['a cluster that does not export it', 'A', 'db-0.north.db', 'ENOTFOUND'],
  ['a host without its cluster', 'A', 'db-0.db', 'ENOTFOUND'],
  ['unknown', 'A', 'nothing', 'ENOTFOUND'],
  ['not exported', 'A', 'own', 'ENOTFOUND'],
];

interface Ended {
  readonly code: number;
  readonly text: string;
}

describeWithApiServer('clusterset.local', { users: [{ name: ACCOUNT, groups: GROUPS }], programs: ['coredns'] }, (server) => {
  let places: CoreDnsPlaces;
  let dns: CoreDns;
  let before: string;

  const kilofed = async (...argv: readonly string[]): Promise<Ended> => {
    let text = '';
    const io = { out: (more: string) => void (text += more), err: (more: string) => void (text += more) };
    const code = await runCommand(['dns', ...argv, '--kubeconfig', `${server().dir}/admin.kubeconfig`], {
      ...io,
      kubeconfigs: [],
      environment: {},
      signal: new AbortController().signal,
    });
    return { code, text };
  };
  const corefile = (): Promise<string> =>
    kubectl(server(), ['-n', 'kube-system', 'get', 'configmap', 'coredns', '-o', 'jsonpath={.data.Corefile}']);
  const is = (name: string): string => `${name}.demo.svc.clusterset.local`;
  const apply = (objects: readonly object[]): Promise<void> => applyYaml(server(), list(objects));

  beforeAll(async () => {
    places = await coreDnsPlaces(server().dir);
    const config = `${server().dir}/coredns.kubeconfig`;
    await writeFile(config, server().kubeconfig(ACCOUNT), { mode: 0o600 });
    before = `.:${places.port} {
    errors
    ready 127.0.0.1:${places.readyPort}
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       kubeconfig ${config}
       ttl 0
    }
}
`;
    await apply(installedCoreDns(before, IMAGE));
    dns = await startCoreDns(places, before);
  }, 60_000);
  afterAll(() => dns.stop());

  test('there is none by itself', async () => {
    const { code, text } = await kilofed('status');
    expect([code, text]).toEqual([1, expect.stringMatching(/^clusterset\.local +is not served\n[^]*To have it: kilofed dns enable\n$/)]);
    expect(Array.isArray(await dns.ask('TXT', 'dns-version.clusterset.local'))).toBe(false);
  });

  test('enable refuses before ServiceImports are served, and changes nothing', async () => {
    expect(await kilofed('enable')).toEqual({ code: 2, text: expect.stringMatching(/apply manifests\/crds-multicluster\.yaml first\n$/) });
    expect(await corefile()).toBe(before);
    await applyYaml(server(), await readFile(CRDS, 'utf8'));
  }, 60_000);

  test('enable --dry-run prints what kubectl applies, and changes nothing', async () => {
    const { code, text } = await kilofed('enable', '--dry-run', '-o', 'yaml');
    expect([code, [...text.matchAll(/^kind: (.*)$/gm)].map(([, kind]) => kind)]).toEqual([
      0,
      ['ClusterRole', 'ClusterRoleBinding', 'ConfigMap'],
    ]);
    expect(await kubectl(server(), ['apply', '--dry-run=server', '-f', '-'], text)).toMatch(/configmap\/coredns configured/);
    expect(await corefile()).toBe(before);
    expect(await kubectl(server(), ['get', 'clusterrole', 'kilofed-coredns', '--ignore-not-found'])).toBe('');
  });

  test('enable changes two places of the Corefile, and gives the right', async () => {
    expect(await kilofed('enable')).toEqual({
      code: 0,
      text: expect.stringMatching(/^the service account [^]*changed Corefile of the ConfigMap/),
    });
    expect(await corefile()).toBe(
      before.replace(
        '    kubernetes cluster.local in-addr.arpa ip6.arpa {\n',
        '    kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa {\n       multicluster clusterset.local\n',
      ),
    );
    expect(await kubectl(server(), ['auth', 'can-i', 'watch', 'serviceimports.multicluster.x-k8s.io', `--as=${ACCOUNT}`, '-A'])).toBe(
      'yes\n',
    );
    // No pod runs here that could be asked.
    expect(await kilofed('status')).toEqual({
      code: 1,
      text: expect.stringMatching(/^clusterset\.local +is in the Corefile; CoreDNS was not asked\n/),
    });
  }, 60_000);

  test('a second time it writes nothing', async () => {
    const version = (): Promise<string> =>
      kubectl(server(), [
        'get',
        'configmap/coredns',
        'clusterrole/kilofed-coredns',
        '-n',
        'kube-system',
        '-o',
        'jsonpath={.items[*].metadata.resourceVersion}',
      ]);
    const stood = await version();
    expect(await kilofed('enable')).toEqual({ code: 0, text: expect.stringMatching(/is there already\n$/) });
    expect(await version()).toBe(stood);
  });

  test('CoreDNS starts with the Corefile, and is ready', async () => {
    await apply(IMPORTS);
    await dns.restart(await corefile());
    await until('the zone', 20_000, async () => (Array.isArray(await dns.ask('A', is('web'))) ? true : undefined));
    expect(await dns.ready()).toBe(true);
  }, 30_000);

  describe('it answers', () => {
    test.each(ANSWERS)('%s: %s %s', async (_what, type, name, answer) => {
      expect(await dns.ask(type, is(name))).toEqual(answer);
    });

    // MCS DNS 1.0.0 asks for "1.0.0"; this is the version of the schema of cluster.local.
    test('the version of its schema', async () => {
      expect(await dns.ask('TXT', 'dns-version.clusterset.local')).toEqual(['1.1.0']);
    });

    test('for cluster.local as before', async () => {
      expect([await dns.ask('A', 'own.demo.svc.cluster.local'), await dns.ask('A', 'web.demo.svc.cluster.local')]).toEqual([
        ['10.96.5.5'],
        'ENOTFOUND',
      ]);
    });
  });

  test('it follows readiness, and the end of an import', async () => {
    await apply([importedSlice('db', 'west', [{ address: '10.2.0.1', hostname: 'db-0', ready: false }], DB)]);
    await until('the endpoint to go', 5_000, async () => ((await dns.ask('A', is('db-0.west.db'))) === 'ENOTFOUND' ? true : undefined));
    expect(await dns.ask('A', is('db'))).toEqual(['10.1.0.1', '10.1.0.2']);
    await kubectl(server(), ['-n', 'demo', 'delete', 'serviceimport', 'plain']);
    await until('the name to go', 5_000, async () => ((await dns.ask('A', is('plain'))) === 'ENOTFOUND' ? true : undefined));
  }, 30_000);

  test('without the right CoreDNS is not ready: why the right comes first', async () => {
    const other = await coreDnsPlaces(`${server().dir}/log`);
    const without = `${server().dir}/other.kubeconfig`;
    await writeFile(without, server().kubeconfig('system:kube-proxy'), { mode: 0o600 });
    const text = (await corefile())
      .replaceAll(String(places.port), String(other.port))
      .replaceAll(String(places.readyPort), String(other.readyPort))
      .replace(/kubeconfig .*/, `kubeconfig ${without}`);
    const second = await startCoreDns(other, text);
    expect(await second.ready()).toBe(false);
    await second.stop();
  }, 40_000);

  test('disable takes it away, and when it is run again the right, too', async () => {
    expect(await kilofed('disable')).toEqual({ code: 0, text: expect.stringMatching(/until you run this again/) });
    expect(await corefile()).toBe(before);
    expect(await kubectl(server(), ['get', 'clusterrole', 'kilofed-coredns', '-o', 'name'])).toMatch(/kilofed-coredns/);
    await dns.restart(before);
    expect(Array.isArray(await dns.ask('A', is('web')))).toBe(false);
    expect(await dns.ask('A', 'own.demo.svc.cluster.local')).toEqual(['10.96.5.5']);
    expect(await kilofed('disable')).toEqual({ code: 0, text: 'CoreDNS may no longer read ServiceImports\n' });
    expect(await kubectl(server(), ['get', 'clusterrole,clusterrolebinding', 'kilofed-coredns', '--ignore-not-found'])).toBe('');
    expect(await kilofed('disable')).toEqual({ code: 0, text: 'the zone clusterset.local is not there\n' });
  }, 60_000);

  test('where the distribution imports server blocks of people, it adds one, which answers the same', async () => {
    const stored = `${before}import custom/*.server\n`;
    await apply(installedCoreDns(stored, IMAGE, { '/etc/coredns/custom': 'coredns-custom' }));
    expect(await kilofed('enable')).toEqual({ code: 0, text: expect.stringMatching(/kilofed-clusterset\.server of .*coredns-custom\n/) });
    expect((await kilofed('status')).text).toMatch(/^clusterset\.local +is in the Corefile; /);
    expect(await corefile()).toBe(stored);
    const blocks = ['-n', 'kube-system', 'get', 'configmap', 'coredns-custom', '-o', 'jsonpath={.data.kilofed-clusterset\\.server}'];
    // The lab's CoreDNS has no plugin loadbalance, and is in no pod.
    const own = (await kubectl(server(), blocks))
      .replace('    loadbalance\n', '')
      .replace(':53', `:${places.port}`)
      .replace('noendpoints', `noendpoints\n        ${/kubeconfig .*/.exec(before)?.[0] ?? ''}`);
    await dns.restart(`${before}${own}`);
    await until('the zone', 20_000, async () => (Array.isArray(await dns.ask('A', is('web'))) ? true : undefined));
    expect([
      await dns.ask('A', is('db-0.east.db')),
      await dns.ask('A', is('web')),
      await dns.ask('A', 'own.demo.svc.cluster.local'),
    ]).toEqual([['10.1.0.1'], ['10.96.77.1'], ['10.96.5.5']]);
    expect(await kilofed('disable')).toMatchObject({ code: 0 });
    expect(await kubectl(server(), blocks)).toBe('');
    expect((await kilofed('status')).text).toMatch(/^clusterset\.local +is not served\n/);
  }, 60_000);

  test('it refuses an older CoreDNS, and a cluster with another DNS server', async () => {
    await apply(installedCoreDns(before, 'registry.k8s.io/coredns/coredns:v1.12.1'));
    expect(await kilofed('enable')).toEqual({ code: 2, text: expect.stringMatching(/CoreDNS 1\.12\.1 would not start/) });
    expect(await kilofed('enable', '--namespace', 'demo')).toEqual({
      code: 2,
      text: expect.stringMatching(/has no ConfigMap demo\/coredns and no demo\/rke2-coredns-rke2-coredns/),
    });
    expect(await corefile()).toBe(before);
  });
});
