import { existsSync, readFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startControlPlane } from './controlPlane.js';
import { applyYaml, kubectl } from './kubectl.js';
import { describeWithApiServer } from './suite.js';

const NAMESPACED = `
apiVersion: v1
kind: Namespace
metadata: {name: one}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: two, namespace: one}
data: {a: b}
`;

const CRD = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  scope: Cluster
  names: {kind: Thing, plural: things}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
`;

describeWithApiServer('a control plane', { users: [{ name: 'someone', groups: ['people'] }] }, (server) => {
  test('applies several documents of YAML, and waits for a CRD', async () => {
    await applyYaml(server(), NAMESPACED);
    expect(await kubectl(server(), ['get', 'configmap', 'two', '-n', 'one', '-o', 'jsonpath={.data.a}'])).toBe('b');
    await applyYaml(server(), CRD);
    await kubectl(server(), ['create', '-f', '-'], 'apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x}\n');
    expect(await kubectl(server(), ['get', 'things', '-o', 'name'])).toBe('thing.example.com/x\n');
  });

  test('knows the users it was given, with their groups, and no others', async () => {
    const me = JSON.parse(await kubectl(server(), [`--token=${server().token('someone')}`, 'auth', 'whoami', '-o', 'json'])) as {
      status: { userInfo: { username: string; groups: string[] } };
    };
    expect(me.status.userInfo).toMatchObject({ username: 'someone', groups: expect.arrayContaining(['people']) });
    expect(() => server().token('nobody')).toThrow('has no user nobody');
    await expect(kubectl(server(), ['--token=wrong', 'get', 'nodes'])).rejects.toThrow(/logged in|Unauthorized/);
  });

  test('keeps its data over a restart of the API server', async () => {
    const before = server().pids()['kube-apiserver'];
    await server().restartApiServer();
    expect(server().pids()['kube-apiserver']).not.toBe(before);
    expect(await kubectl(server(), ['get', 'configmap', 'two', '-n', 'one', '-o', 'name'])).toBe('configmap/two\n');
  }, 60_000);

  test('says why it does not start', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'kilofed-apiserver-'));
    const started = startControlPlane({ name: 'bad', dir, serviceCIDR: '10.96.0.0/16', apiServerArgs: ['--no-such-flag'] });
    await expect(started).rejects.toThrow(/ended with status 1[\s\S]*unknown flag: --no-such-flag/);
    await rm(dir, { recursive: true, force: true });
  }, 60_000);

  test('dies with the process that started it, even when that is killed', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'kilofed-apiserver-'));
    const module = new URL('./controlPlane.js', import.meta.url).pathname;
    const program = `
      import { startControlPlane } from ${JSON.stringify(module)};
      const plane = await startControlPlane({ name: 'x', dir: ${JSON.stringify(join(dir, 'x'))}, serviceCIDR: '10.96.0.0/16' });
      console.log(JSON.stringify(plane.pids()));
      setInterval(() => undefined, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const line = await new Promise<string>((resolve) => parent.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString('utf8'))));
    const pids = Object.values(JSON.parse(line) as Record<string, number>);
    expect(pids.filter(isAlive)).toHaveLength(2);
    parent.kill('SIGKILL');
    await expect(eventually(() => pids.filter(isAlive).length === 0)).resolves.toBe(true);
    await rm(dir, { recursive: true, force: true });
  }, 60_000);
});

/** Running, and no zombie that waits to be reaped. */
function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

async function eventually(done: () => boolean): Promise<boolean> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (done()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}
