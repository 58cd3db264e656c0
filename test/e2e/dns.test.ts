/**
 * clusterset.local from a pod, by the cluster's own CoreDNS: enabled by the command, answered from what the hub mirrors.
 * Every kind of name is in test/apiserver/dns.test.ts. The tests run in order.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { attempt, type Outcome, sleep, until } from '../lab/process.js';
import type { KubeletCluster } from '../lab/kubelet/cluster.js';
import { TOOLS_IMAGE } from '../lab/kubelet/images.js';
import type { Example } from '../demo/install.js';
import { applyShop, nodeOf, podsOf, startFederation } from './kubeletFederation.js';
import type { Requests } from './requestProgram.js';
import { type Requester, startRequester } from './requests.js';
import { SHOP_URL } from './shop.js';

const EXPORTED = { annotations: { 'kilofed.io/export': 'true' } };
const tools = { image: TOOLS_IMAGE, imagePullPolicy: 'IfNotPresent' };

/** In east: a StatefulSet behind an exported headless Service, and a Service that is not exported. */
const EAST = [
  {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace: 'demo' },
    spec: {
      replicas: 2,
      serviceName: 'db',
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: { app: 'db' } },
      template: {
        metadata: { labels: { app: 'db' } },
        spec: { terminationGracePeriodSeconds: 0, containers: [{ ...tools, name: 'db', command: ['sleep', 'infinity'] }] },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'db', namespace: 'demo', ...EXPORTED },
    spec: { clusterIP: 'None', selector: { app: 'db' }, ports: [{ name: 'pg', port: 5432 }] },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'quiet', namespace: 'demo' },
    spec: { selector: { app: 'shop' }, ports: [{ name: 'http', port: 80 }] },
  },
];

/** In west: a namespace that lets imports name single endpoints, and a pod that asks. */
const WEST = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo', annotations: { 'kilofed.io/import-hostnames': 'true' } } },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'asks', namespace: 'demo' },
    spec: { containers: [{ ...tools, name: 'asks', command: ['sleep', 'infinity'] }] },
  },
];

/** Asks for each `TYPE name` of its arguments, and prints the sorted answers, or errors, as JSON. */
const ASK = `
const { Resolver } = require('dns').promises;
const resolver = new Resolver({ timeout: 2000, tries: 2 });
const text = (record) => (typeof record === 'string' ? record : Array.isArray(record) ? record.join('') : record.name + ':' + record.port);
const ask = ([type, name]) => resolver.resolve(name, type).then((all) => all.map(text).sort(), (error) => error.code);
Promise.all(process.argv.slice(1).map((each) => ask(each.split(' ')))).then((all) => console.log(JSON.stringify(all)));`;

/** Prints what its argument answers. */
const FETCH = `fetch(process.argv[1], { signal: AbortSignal.timeout(3000) }).then(async (answer) => console.log(await answer.text()));`;

let example: Example;
/** Keeps requesting shop in west by its name in clusterset.local. */
let requester: Requester;
const is = (name: string): string => `${name}.demo.svc.clusterset.local`;

beforeAll(async () => {
  example = await startFederation();
  const { east, west } = example;
  await Promise.all([
    applyShop(east, {}).then(() => apply(east, EAST)),
    apply(west, WEST).then(() =>
      west.kubectl(['-n', 'demo', 'wait', '--for=condition=Ready', 'pod/asks', '--timeout=60s'], { timeoutMs: 70_000 }),
    ),
  ]);
}, 300_000);

afterAll(async () => {
  const { east, west, north } = example;
  await Promise.all([east, west, north].map((cluster) => cluster.stop()));
}, 60_000);

test('kilofed dns enable makes the zone, which was not there', async () => {
  expect(await dns('status')).toMatchObject({ code: 1, stdout: expect.stringMatching(/is not served\n[^]*from 0 of 1 pods/) });
  expect(await ask('TXT dns-version.clusterset.local')).not.toEqual([['1.1.0']]);
  expect(await dns('enable')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/no plugin reload: .* rollout restart deployment\/coredns\n/),
  });
  await restartCoreDns();
  await until('the zone', 30_000, async () => ((await ask('TXT dns-version.clusterset.local'))[0]?.[0] === '1.1.0' ? true : undefined));
  expect(await dns('status')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^clusterset\.local +is served\n[^]*from 1 of 1 pods/),
  });
  // What the pages say for those who may not forward ports.
  const proof = ['exec', 'asks', '--', 'nslookup', '-type=txt', 'dns-version.clusterset.local'];
  expect(await example.west.kubectl(['-n', 'demo', ...proof])).toMatch(/text = "1\.1\.0"/);
}, 120_000);

test('an imported Service: its name resolves to spec.ips of the import', async () => {
  const { west } = example;
  const ips = await until('addresses in the import', 60_000, async () => {
    const found = await west.kubectl(['-n', 'demo', 'get', 'serviceimport', 'shop', '--ignore-not-found', '-o', 'jsonpath={.spec.ips}']);
    return found === '' ? undefined : (JSON.parse(found) as string[]);
  });
  await until('the name', 20_000, async () => (Array.isArray((await ask(`A ${is('shop')}`))[0]) ? true : undefined));
  expect(await ask(`A ${is('shop')}`, `SRV ${is('_http._tcp.shop')}`)).toEqual([ips, [`${is('shop')}:80`]]);
  await until('an answer by that name', 60_000, () => fetched(`http://${is('shop')}/`));
}, 120_000);

test('one that a person exported by a ServiceExport: by that name alone', async () => {
  const { east, west } = example;
  const selector = { app: 'shop' };
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'plain', namespace: 'demo' } };
  await apply(east, [
    { ...service, spec: { selector, ports: [{ name: 'http', port: 80, targetPort: 'web' }] } },
    { ...service, apiVersion: 'multicluster.x-k8s.io/v1beta1', kind: 'ServiceExport' },
  ]);
  await until('an answer by that name', 60_000, () => fetched(`http://${is('plain')}/`));
  expect(await ask('A plain.demo.svc.cluster.local')).toEqual(['ENOTFOUND']);
  // So somebody may create one of that name. It has no pods, and nobody who asks by the other name meets it.
  const plain = await startRequester(west, nodeOf(west, 'west-a2'), 'requests-plain', `http://${is('plain')}`);
  const seen = await plain.during(async () => {
    await west.kubectl(['-n', 'demo', 'create', 'service', 'clusterip', 'plain', '--tcp=80:8080']);
    await sleep(3_000);
  });
  await west.kubectl(['-n', 'demo', 'delete', 'pod', 'requests-plain', '--now']);
  unharmed(seen);
}, 120_000);

test('an import is moved from its own name to the derived one and back, within a minute: no request fails by either name', async () => {
  const { east, west } = example;
  requester = await startRequester(west, nodeOf(west, 'west-a2'), 'requests-shop', `http://${is('shop')}`);
  const byOwn = await startRequester(west, nodeOf(west, 'west-a2'), 'requests-own', SHOP_URL);
  const move = async (): Promise<void> => {
    await east.kubectl(['-n', 'demo', 'annotate', 'service', 'shop', 'kilofed.io/own-name=false']);
    await untilNamed(/^derived-/);
    await east.kubectl(['-n', 'demo', 'annotate', '--overwrite', 'service', 'shop', 'kilofed.io/own-name=true']);
    await untilNamed(/^shop$/);
  };
  let own: Requests | undefined;
  const seen = await requester.during(async () => {
    own = await byOwn.during(move);
  });
  await west.kubectl(['-n', 'demo', 'delete', 'pod', 'requests-own', '--now']);
  unharmed(seen);
  unharmed(own as Requests);
}, 120_000);

// As docs/export-a-service.md says. A later test goes on with it.
test('one that is exported by its annotation is exported by a ServiceExport instead: no request fails', async () => {
  const { east } = example;
  const seen = await requester.during(async () => {
    await apply(east, [
      { apiVersion: 'multicluster.x-k8s.io/v1beta1', kind: 'ServiceExport', metadata: { name: 'shop', namespace: 'demo' } },
    ]);
    await east.kubectl(['-n', 'demo', 'annotate', 'service', 'shop', 'kilofed.io/export-', 'kilofed.io/own-name-']);
    await untilNamed(/^derived-/);
  });
  unharmed(seen);
}, 60_000);

test('a headless one: every pod, each by its own name, and its ports', async () => {
  const { east } = example;
  await east.kubectl(['-n', 'demo', 'rollout', 'status', 'statefulset/db', '--timeout=60s'], { timeoutMs: 70_000 });
  const [first = '', second = ''] = await podsOf(east, 'app=db', '.status.podIP');
  await until('both pods', 30_000, async () => ((await ask(`A ${is('db')}`))[0]?.length === 2 ? true : undefined));
  expect(await ask(`A ${is('db')}`, `A ${is('db-0.east.db')}`, `A ${is('db-1.east.db')}`, `SRV ${is('_pg._tcp.db')}`)).toEqual([
    [first, second].toSorted(),
    [first],
    [second],
    [`${is('db-0.east.db')}:5432`, `${is('db-1.east.db')}:5432`],
  ]);
}, 120_000);

test('names that must not exist do not', async () => {
  const names = ['east.db', 'db-0.west.db', 'db-0.db', 'db-2.east.db', 'east.shop', 'quiet', 'nothing'];
  expect(await ask(...names.map((name) => `A ${is(name)}`))).toEqual(names.map(() => 'ENOTFOUND'));
});

test('no request fails when the Service of the own name goes, a minute later, nor when the annotation asks for it again', async () => {
  const { east, west } = example;
  const seen = await requester.during(async () => {
    await west.kubectl(['-n', 'demo', 'wait', '--for=delete', 'service/shop', '--timeout=80s'], { timeoutMs: 90_000 });
    await sleep(1_500);
    await east.kubectl(['-n', 'demo', 'annotate', 'service', 'shop', 'kilofed.io/export=true']);
    await east.kubectl(['-n', 'demo', 'delete', 'serviceexport', 'shop']);
    await untilNamed(/^shop$/);
  });
  unharmed(seen);
}, 150_000);

test('a headless one without a ready pod is not there, nor one whose export has ended', async () => {
  const { east } = example;
  await east.kubectl(['-n', 'demo', 'scale', 'statefulset/db', '--replicas=0']);
  await east.kubectl(['-n', 'demo', 'annotate', 'service', 'shop', 'kilofed.io/export-']);
  await until('the names to go', 30_000, async () =>
    (await ask(`A ${is('db')}`, `A ${is('shop')}`)).every((answer) => answer === 'ENOTFOUND') ? true : undefined,
  );
}, 60_000);

test('kilofed dns disable takes the zone away, and nothing else', async () => {
  expect(await dns('disable')).toMatchObject({ code: 0 });
  await restartCoreDns();
  await until('the zone to go', 30_000, async () =>
    (await ask('TXT dns-version.clusterset.local'))[0]?.[0] === '1.1.0' ? undefined : true,
  );
  expect(await ask('TXT dns-version.cluster.local')).toEqual([['1.1.0']]);
  expect(await dns('disable')).toMatchObject({ code: 0, stdout: 'CoreDNS may no longer read ServiceImports\n' });
}, 120_000);

function dns(action: string): Promise<Outcome> {
  return attempt(['node', 'dist/kilofed.js', 'dns', action, '--kubeconfig', example.west.kubeconfigFile]);
}

async function ask(...questions: readonly string[]): Promise<readonly (readonly string[] | string)[]> {
  return JSON.parse(await example.west.kubectl(['-n', 'demo', 'exec', 'asks', '--', 'node', '-e', ASK, ...questions])) as (
    | string[]
    | string
  )[];
}

/** Nothing failed, of enough requests to say so. */
function unharmed(seen: Requests): void {
  expect(seen.failed).toEqual([]);
  expect(seen.answered).toBeGreaterThan(100);
}

/** Resolves when the ServiceImport of shop in west names such a Service, and kube-proxy and the DNS have had time to follow. */
async function untilNamed(name: RegExp): Promise<void> {
  const path = 'jsonpath={.metadata.annotations.multicluster\\.kubernetes\\.io/derived-service}';
  await until(`an import as ${name.source}`, 20_000, async () =>
    name.test(await example.west.kubectl(['-n', 'demo', 'get', 'serviceimport', 'shop', '-o', path])) ? true : undefined,
  );
  await sleep(3_000);
}

/** Undefined: nobody answers. */
async function fetched(url: string): Promise<string | undefined> {
  const exec = ['-n', 'demo', 'exec', 'asks', '--', 'node', '-e', FETCH, url];
  const answer = await example.west.kubectl(exec).catch(() => '');
  return answer === '' ? undefined : answer;
}

async function apply(cluster: KubeletCluster, items: readonly object[]): Promise<void> {
  await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
}

async function restartCoreDns(): Promise<void> {
  const { west } = example;
  await west.kubectl(['-n', 'kube-system', 'rollout', 'restart', 'deployment/coredns']);
  await west.kubectl(['-n', 'kube-system', 'rollout', 'status', 'deployment/coredns', '--timeout=60s'], { timeoutMs: 70_000 });
}
