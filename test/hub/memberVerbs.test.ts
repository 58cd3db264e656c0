/**
 * `kilofed drain|cordon|uncordon member`: the whole command line, before the API server of a home cluster, and a hub that sees what is
 * written there.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { FederationStatus } from '../../core/api/status.js';
import { type FaultyServer, startFaultyServer } from '../contract/kube/faultyServer.js';
import { HEALTHY } from '../fakes/federationStatus.js';
import { runCli } from './runCli.js';

interface Secret {
  readonly name: string;
  annotations: Record<string, string | null>;
}

let folder: string;
let api: FaultyServer;
let hub: Server;
let address: string;
let secrets: Secret[];
let allowed: boolean;
/** Answers of the hub in which endpoints still serve, after it was told. */
let slow: number;
let exporters: FederationStatus['services'][number]['exporters'];
let unread: string[];
let bodies: object[];

const words = (): Readonly<Record<string, string | null>> => secrets[0]?.annotations ?? {};

function status(): FederationStatus {
  const drained = words()['kilofed.io/drain'] === 'true';
  const serving = drained && slow-- > 0 ? [{ cluster: 'west', endpoints: 2 }] : [];
  return {
    ...HEALTHY,
    members: HEALTHY.members.map((member) =>
      member.id === 'east'
        ? {
            ...member,
            ...(drained && { drain: { serving, unread } }),
            ...(words()['kilofed.io/cordon'] === 'true' && { cordoned: true as const }),
          }
        : member,
    ),
    services: HEALTHY.services.map((service) => ({ ...service, exporters })),
  };
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kilofed-verbs-'));
  [secrets, allowed, slow, unread, bodies] = [[{ name: 'member-east', annotations: {} }], true, 0, [], []];
  exporters = [
    { cluster: 'east', endpoints: 1, ready: 1 },
    { cluster: 'west', endpoints: 1, ready: 1 },
  ];
  api = await startFaultyServer(({ method, path, body, answer }) => {
    if (!allowed) return answer(403, { kind: 'Status', message: 'secrets is forbidden' });
    if (method === 'GET') {
      const items = secrets.map(({ name, annotations }) => ({ metadata: { name, namespace: 'kilofed', uid: `u-${name}`, annotations } }));
      return answer(200, { apiVersion: 'v1', kind: 'SecretList', metadata: { resourceVersion: '1' }, items });
    }
    const secret = secrets.find(({ name }) => path.startsWith(`/api/v1/namespaces/kilofed/secrets/${name}?`));
    const patch = JSON.parse(body) as { readonly metadata: { readonly annotations: Record<string, string | null> } };
    bodies.push(patch);
    if (secret === undefined) return answer(404, { kind: 'Status', message: 'not found' });
    secret.annotations = { ...secret.annotations, ...patch.metadata.annotations };
    return answer(200, { apiVersion: 'v1', kind: 'Secret', metadata: { name: secret.name, namespace: 'kilofed' } });
  });
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'home',
    clusters: [
      {
        name: 'home',
        cluster: { server: api.options.server, 'certificate-authority-data': Buffer.from(String(api.options.ca)).toString('base64') },
      },
    ],
    users: [{ name: 'admin', user: { token: 't' } }],
    contexts: [{ name: 'home', context: { cluster: 'home', user: 'admin' } }],
  };
  writeFileSync(join(folder, 'config'), JSON.stringify(kubeconfig));
  hub = createServer((_request, response) => response.end(JSON.stringify(status())));
  await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));
  const bound = hub.address();
  address = `http://127.0.0.1:${bound !== null && typeof bound === 'object' ? bound.port : 0}`;
});

afterEach(async () => {
  hub.closeAllConnections();
  hub.close();
  await api.close();
  rmSync(folder, { recursive: true });
});

const run = (...argv: readonly string[]): ReturnType<typeof runCli> => runCli(folder, [...argv, '--hub', address]);

test('drain annotates the Secret that declares the member, and waits until nothing serves', async () => {
  slow = 2;
  const ended = await run('drain', 'member', 'east');
  expect(ended).toEqual({
    code: 0,
    out: expect.stringMatching(/^east is drained: .*\nAfterwards: kilofed uncordon member east\n$/),
    err: '',
  });
  expect([bodies, slow]).toEqual([[{ metadata: { uid: 'u-member-east', annotations: { 'kilofed.io/drain': 'true' } } }], -1]);
});

test('uncordon, and undrain, take back what drain and cordon did', async () => {
  for (const verb of ['uncordon', 'undrain']) {
    await run('drain', 'member', 'east');
    const cordoned = await run('cordon', 'member', 'east', '-o', 'json');
    expect(JSON.parse(cordoned.out)).toEqual({ member: 'east', drained: true, cordoned: true, serving: [], unread: [] });
    expect(await run(verb, 'member', 'east')).toEqual({ code: 0, out: 'east takes part again\n', err: '' });
    expect(words()).toEqual({ 'kilofed.io/drain': null, 'kilofed.io/cordon': null });
  }
});

test('Services that are left without ready endpoints are named, and nothing is changed without --force', async () => {
  exporters = [{ cluster: 'east', endpoints: 2, ready: 1 }];
  const refused = await run('drain', 'member', 'east');
  expect([refused.code, refused.out, bodies]).toEqual([2, '', []]);
  expect(refused.err).toMatch(/this Service has ready endpoints nowhere but in east[^]*demo\/web, imported by west[^]*--force/);
  const told = await run('drain', 'member', 'east', '--dry-run', '-o', 'json');
  expect([told.code, JSON.parse(told.out), bodies]).toEqual([
    2,
    { member: 'east', drained: false, cordoned: false, leftWithout: [{ service: 'demo/web', importers: ['west'] }] },
    [],
  ]);
  expect((await run('drain', 'member', 'east', '--force')).code).toBe(0);
});

test('a dry run that finds nothing changes nothing', async () => {
  const ended = await run('drain', 'member', 'east', '--dry-run');
  expect([ended.code, ended.out, bodies]).toEqual([0, 'every Service that east exports has ready endpoints elsewhere, too\n', []]);
});

test('what takes long is told meanwhile, and the time is bounded', async () => {
  slow = 1_000;
  const ended = await run('drain', 'member', 'east', '--timeout', '3s');
  expect([ended.code, ended.out]).toEqual([1, '']);
  expect(ended.err).toMatch(
    /^kilofed: waiting until no endpoint serves any more: 2 in west\nkilofed: the annotation is written, [^]*2 in west/,
  );
});

test('a member that cannot be written to is named', async () => {
  unread = ['west'];
  slow = 1_000;
  const ended = await run('drain', 'member', 'east', '-o', 'json');
  expect([ended.code, JSON.parse(ended.out)]).toMatchObject([1, { drained: true, unread: ['west'] }]);
  expect(ended.err).toMatch(/^kilofed: west cannot be written to now/);
});

test.each<[string, () => void, RegExp]>([
  [
    'no Secret declares it',
    () => (secrets = []),
    /no Secret in namespace kilofed at .* east\.member\.yaml .* the line kilofed\.io\/drain: "true"/,
  ],
  ['two Secrets declare it', () => secrets.push({ name: 'east-2', annotations: {} }), /several Secrets .*: member-east, east-2\. Delete/],
  ['one may not', () => (allowed = false), /does not let you list the Secrets of namespace kilofed/],
])('nothing is changed where %s', async (_why, prepare, message) => {
  prepare();
  const ended = await run('drain', 'member', 'east');
  expect([ended.code, ended.out, bodies]).toEqual([2, '', []]);
  expect(ended.err).toMatch(message);
});

test('a member that the hub does not know', async () => {
  const ended = await run('cordon', 'member', 'south');
  expect([ended.code, ended.err]).toEqual([2, 'kilofed: the hub has no member south; it has east, west\n']);
});
