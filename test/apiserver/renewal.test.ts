/**
 * Tokens of members that end, on a real API server, with the accounts and policies that the manifests give the hub in a member and at
 * home. The server is both.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { type KubeObject, RESOURCE, resourcePath } from '../../core/api/resources.js';
import { chooseQueue } from '../../hub/chooseQueue.js';
import { connectMember, createHubClient } from '../../hub/connectMember.js';
import { createHub, type Hub } from '../../hub/hub.js';
import { secretSource, secretWriter } from '../../hub/members/secrets.js';
import { loadKubeconfig } from '../../kube/config/kubeconfig.js';
import type { KubeClient } from '../../kube/wire/client.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import { SILENT } from '../host/handClock.js';
import { RULES } from '../fakes/services.js';
import { until } from '../lab/process.js';
import { applyYaml, kubectl } from './kubectl.js';
import { describeWithApiServer } from './suite.js';

const ROOT = join(import.meta.dirname, '../../..');
const FILES = ['crds/meshes.yaml', 'crds/meshnodes.yaml', 'crds/peers.yaml', 'crds-multicluster.yaml', 'member.yaml', 'hub.yaml'];
const TOKEN = /token: "?([^"}\s]+)/;

interface Secret extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

describeWithApiServer("a token of the hub's account in a member", {}, (server) => {
  let home: KubeClient;

  beforeAll(async () => {
    await kubectl(server(), ['create', 'namespace', 'kilofed']);
    for (const file of FILES) await applyYaml(server(), await readFile(join(ROOT, 'manifests', file), 'utf8'));
    home = clientOf(kubeconfig(await kubectl(server(), ['-n', 'kilofed', 'create', 'token', 'hub'])));
  }, 90_000);

  /** That of the administrator, with another token. */
  function kubeconfig(token: string): string {
    return server()
      .kubeconfig('admin')
      .replace(TOKEN, (found, old: string) => found.replace(old, token.trim()));
  }

  function clientOf(text: string): KubeClient {
    const loaded = loadKubeconfig(text, { now: () => systemClock.now() });
    if (!loaded.ok) throw new Error(loaded.error);
    return createHubClient(loaded.value);
  }

  async function secret(): Promise<Secret> {
    return JSON.parse(await kubectl(server(), ['-n', 'kilofed', 'get', 'secret', 'east', '-o', 'json'])) as Secret;
  }

  const tokenIn = ({ data }: Secret): string => TOKEN.exec(Buffer.from(data['kubeconfig'] ?? '', 'base64').toString())?.[1] ?? '';

  /** A hub that is `aheadMs` ahead of the API server's time. */
  async function withHub(aheadMs: number, body: (hub: Hub) => Promise<void>, instance = 'test'): Promise<void> {
    const clock = { ...systemClock, wall: () => systemClock.wall() + aheadMs };
    const deps = { clock, random: Math.random, log: SILENT };
    const stop = new AbortController();
    const hub = createHub({
      identity: { federation: 'default', instance },
      ...deps,
      ...chooseQueue(undefined, { ...deps, federation: 'default' }),
      sources: [secretSource('kilofed', { ...deps, client: home })],
      connect: (text, place) => connectMember(text, place, { ofSecrets: { programs: false, insecureTls: false }, environment: {} }),
      replaceKubeconfig: secretWriter(home),
      home: { client: home, namespace: 'kilofed' },
      version: 'test',
      sha256: (text) => createHash('sha256').update(text).digest(),
      rules: RULES,
      exportToDefault: 'all',
    });
    const running = hub.run(stop.signal);
    try {
      await until('the member to be ready', 20_000, () => hub.status().members[0]?.state === 'ready' || undefined);
      await body(hub);
    } finally {
      stop.abort();
      await running;
    }
  }

  test('M13: is renewed by the hub at half of its life, and nothing else of its Secret is changed', async () => {
    const bound = ['--bound-object-kind', 'Secret', '--bound-object-name', 'kilofed-hub-tokens'];
    const first = await kubectl(server(), ['-n', 'kilofed', 'create', 'token', 'kilofed-hub', '--duration', '600s', ...bound]);
    const text = kubeconfig(first);
    await kubectl(server(), [
      '-n',
      'kilofed',
      'create',
      'secret',
      'generic',
      'east',
      `--from-literal=kubeconfig=${text}`,
      '--from-literal=note=mine',
    ]);
    await kubectl(server(), ['-n', 'kilofed', 'label', 'secret', 'east', 'kilofed.io/cluster=east', 'team=a']);
    let end = '';
    await withHub(200_000, async (hub) => {
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      expect(tokenIn(await secret())).toBe(first.trim());
      end = hub.status().members[0]?.credentials?.end ?? '';
      expect(hub.status().problems.filter(({ reason }) => reason === 'CredentialsExpire')).toEqual([]);
    });
    await withHub(301_000, async (hub) => {
      await until('the token to be another one', 20_000, async () => tokenIn(await secret()) !== first.trim() || undefined);
      await until('the hub to use it', 10_000, () => (hub.status().members[0]?.credentials?.end ?? '') > end || undefined);
      expect(hub.status().members[0]?.state).toBe('ready');
    });
    const after = await secret();
    expect(Buffer.from(after.data['kubeconfig'] ?? '', 'base64').toString()).toBe(kubeconfig(tokenIn(after)));
    expect([after.data['note'], after.metadata.labels]).toEqual([
      Buffer.from('mine').toString('base64'),
      { 'kilofed.io/cluster': 'east', team: 'a' },
    ]);
    const member = clientOf(kubeconfig(tokenIn(after)));
    expect(await member.call({ method: 'GET', path: resourcePath(RESOURCE.service) })).toMatchObject({ ok: true });
    member.close();
  }, 90_000);

  test('of two replicas one is active, with the rights that the manifests give, and the other one follows it', async () => {
    const holder = async (name: string): Promise<string> =>
      kubectl(server(), ['-n', 'kilofed', 'get', 'lease', name, '-o', 'jsonpath={.spec.holderIdentity}']);
    await withHub(
      0,
      async (first) => {
        await until(
          'the first one to hold the member',
          10_000,
          async () => (await holder('kilofed-hub').catch(() => '')) === 'default/one' || undefined,
        );
        await withHub(
          0,
          async (second) => {
            await until('the second one to stand by', 10_000, () => second.standby()?.active === 'default/one' || undefined);
            expect([first.standby(), await holder('kilofed-hub-active'), await holder('kilofed-hub')]).toEqual([
              undefined,
              'default/one',
              'default/one',
            ]);
            expect(first.status().problems.filter(({ reason }) => reason === 'NoActiveLease')).toEqual([]);
          },
          'two',
        );
      },
      'one',
    );
    expect([await holder('kilofed-hub-active'), await holder('kilofed-hub')]).toEqual(['', '']);
    const other = ['auth', 'can-i', 'update', 'leases/another', '-n', 'kilofed', '--as', 'system:serviceaccount:kilofed:hub'];
    await expect(kubectl(server(), other)).rejects.toThrow();
  }, 90_000);

  test('M13: is not written where the Secret was changed meanwhile, or is another one', async () => {
    const { metadata } = await secret();
    const place = {
      kind: 'secret',
      namespace: 'kilofed',
      name: 'east',
      uid: metadata.uid ?? '',
      resourceVersion: metadata.resourceVersion ?? '',
    } as const;
    const { signal } = new AbortController();
    const write = secretWriter(home);
    expect(await write({ ...place, resourceVersion: '1' }, 'x', signal)).toMatchObject({ ok: false, error: { kind: 'conflict' } });
    expect(await write({ ...place, uid: '00000000-0000-0000-0000-000000000000' }, 'x', signal)).toMatchObject({
      ok: false,
      error: { kind: 'invalid' },
    });
    expect((await secret()).metadata.resourceVersion).toBe(metadata.resourceVersion);
  });

  test('M13: that cannot be renewed stays in use, and is told of when a quarter of its life is left', async () => {
    // The first of the role's rules: without the other one there would be no Lease, either.
    const rules = JSON.stringify([{ op: 'remove', path: '/rules/0' }]);
    await kubectl(server(), ['-n', 'kilofed', 'patch', 'role', 'kilofed-hub', '--type=json', `--patch=${rules}`]);
    const before = tokenIn(await secret());
    await withHub(301_000 + 155_000, async (hub) => {
      const problem = await until('the problem to be told', 30_000, () =>
        hub.status().problems.find(({ reason, message }) => reason === 'CredentialsExpire' && message.includes('could not be renewed')),
      );
      expect(problem.message).toMatch(/^the token of its kubeconfig ends at .*Z, and could not be renewed \(/);
      expect(hub.status().members[0]?.state).toBe('ready');
    });
    expect(tokenIn(await secret())).toBe(before);
  }, 60_000);
});
