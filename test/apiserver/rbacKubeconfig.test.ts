import { execFile } from 'node:child_process';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from '@jest/globals';
import { RESOURCE, resourcePath } from '../../core/api/resources.js';
import { loadKubeconfig } from '../../kube/config/kubeconfig.js';
import type { KubeClient } from '../../kube/wire/client.js';
import { createKubeClient } from '../../kube/wire/http2Client.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import { binaryPath } from '../lab/binaries/locate.js';
import { until } from '../lab/process.js';
import type { ControlPlane } from './controlPlane.js';
import { CHART, helm } from './helm.js';
import { applyYaml, kubectl } from './kubectl.js';
import { describeWithApiServer } from './suite.js';

const ROOT = join(import.meta.dirname, '../../..');
const CRDS = ['crds/meshes.yaml', 'crds/meshnodes.yaml', 'crds/nodepolicies.yaml', 'crds/peers.yaml', 'crds-multicluster.yaml'];
const SCRIPT = join(ROOT, 'examples/multicluster/make-kubeconfig.sh');

/** As a person runs it: kubectl is on the PATH, and the kubeconfig is theirs. `>` and a file: the shell writes the output there. */
async function runScript(at: ControlPlane, ...args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const bin = join(at.dir, 'bin');
  await mkdir(bin, { recursive: true });
  await symlink(binaryPath('kubectl') ?? '', join(bin, 'kubectl')).catch(() => undefined);
  return promisify(execFile)('sh', args[0] === '>' ? ['-c', 'sh "$0" > "$1"', SCRIPT, args[1] ?? ''] : [SCRIPT, ...args], {
    env: { PATH: `${bin}:${process.env['PATH']}`, HOME: dirname(bin), KUBECONFIG: join(at.dir, 'admin.kubeconfig') },
  });
}

describeWithApiServer('examples/multicluster/make-kubeconfig.sh', { controllers: 'root-ca-certificate-publisher-controller' }, (server) => {
  beforeAll(async () => {
    await kubectl(server(), ['create', 'namespace', 'kilofed']);
    const crds = await Promise.all(CRDS.map((file) => readFile(join(ROOT, 'manifests', file), 'utf8')));
    await applyYaml(server(), crds.join('\n---\n'));
    await applyYaml(server(), await readFile(join(ROOT, 'manifests/member.yaml'), 'utf8'));
    await kubectl(server(), ['wait', '-n', 'kilofed', 'configmap/kube-root-ca.crt', '--for=create', '--timeout=30s']);
  }, 60_000);

  const run = (...args: readonly string[]): ReturnType<typeof runScript> => runScript(server(), ...args);

  test('prints a kubeconfig with which the hub may do its work, and no more', async () => {
    const { stdout } = await run();
    const loaded = loadKubeconfig(stdout, { now: () => systemClock.now() });
    if (!loaded.ok) throw new Error(loaded.error);
    const client: KubeClient = createKubeClient({ ...loaded.value, userAgent: 'kilofed-test' }, { clock: systemClock });
    try {
      expect(await client.call({ method: 'GET', path: resourcePath(RESOURCE.service) })).toMatchObject({ ok: true });
      expect(await client.call({ method: 'GET', path: resourcePath(RESOURCE.namespace, undefined, 'kube-system') })).toMatchObject({
        ok: true,
      });
      expect(await client.call({ method: 'GET', path: resourcePath(RESOURCE.secret, 'kilofed') })).toMatchObject({
        ok: false,
        error: { kind: 'forbidden' },
      });
    } finally {
      client.close();
    }
  });

  test("M13: the file that it goes to is its owner's alone, whatever the umask", async () => {
    const file = join(server().dir, 'east.kubeconfig');
    await writeFile(file, '', { mode: 0o644 });
    await runScript(server(), '>', file);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).toContain('kind: Config');
  });

  test('takes another context and another address, and warns of one that leads nowhere', async () => {
    const { stdout, stderr } = await run('--context', 'test', 'https://203.0.113.7:6443');
    expect(stdout).toContain('server: "https://203.0.113.7:6443"');
    expect(stderr).toBe('');
    expect((await run()).stderr).toMatch(/leads the hub to itself: give the address that others use/);
    await expect(run('--context', 'nobody')).rejects.toThrow(/context.*nobody/);
  });

  test('M13: its token ends, and at once when the Secret is deleted that it is bound to', async () => {
    const loaded = loadKubeconfig((await run()).stdout, { now: () => systemClock.now() });
    if (!loaded.ok) throw new Error(loaded.error);
    const [, claims = ''] = ((await loaded.value.credentials.get()).headers['authorization'] ?? '').split('.');
    const { exp, iat } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Readonly<Record<'exp' | 'iat', number>>;
    expect(exp - iat).toBe(30 * 86_400);
    const client = createKubeClient({ ...loaded.value, userAgent: 'kilofed-test' }, { clock: systemClock });
    const services = { method: 'GET', path: resourcePath(RESOURCE.service) } as const;
    try {
      expect(await client.call(services)).toMatchObject({ ok: true });
      await kubectl(server(), ['-n', 'kilofed', 'delete', 'secret', 'kilofed-hub-tokens']);
      await until('the token to end', 30_000, async () => ((await client.call(services)).ok ? undefined : true));
      expect(await client.call(services)).toMatchObject({ ok: false, error: { kind: 'unauthorized' } });
    } finally {
      client.close();
    }
  });

  test('says what is missing where there is no token', async () => {
    await expect(run()).rejects.toThrow(/there is no token: apply manifests\/member.yaml/);
  });

  test('M13: gives no token where a policy is missing', async () => {
    await applyYaml(server(), await readFile(join(ROOT, 'manifests/member.yaml'), 'utf8'));
    expect((await run()).stdout).toContain('token: ');
    await kubectl(server(), ['delete', 'validatingadmissionpolicybinding', 'kilofed-hub-slices']);
    await expect(run()).rejects.toThrow(/the policies of manifests\/member.yaml are missing/);
  });
});

/** Neither the kinds nor what reads them. */
const NO_ADMISSION = [
  '--runtime-config=admissionregistration.k8s.io/v1=false',
  '--disable-admission-plugins=ValidatingAdmissionPolicy,MutatingAdmissionPolicy,ValidatingAdmissionWebhook,MutatingAdmissionWebhook',
];

describeWithApiServer(
  'an API server that refuses policies',
  { apiServerArgs: NO_ADMISSION, controllers: 'root-ca-certificate-publisher-controller', programs: ['helm3', 'helm4'] },
  (server) => {
    test.each(['helm3', 'helm4'] as const)('takes nothing from %s', async (program) => {
      const install = helm(program, ['install', 'kilofed', CHART, '--namespace', 'kilofed', '--create-namespace'], server());
      await expect(install).rejects.toThrow(/no matches for kind "ValidatingAdmissionPolicy"/);
      expect(await kubectl(server(), ['get', 'clusterroles,crds', '-o', 'name'])).not.toMatch(/kilo/);
    });

    test('M13: takes the account of member.yaml, of which there is then no token', async () => {
      await kubectl(server(), ['create', 'namespace', 'kilofed']);
      const applied = applyYaml(server(), await readFile(join(ROOT, 'manifests/member.yaml'), 'utf8'));
      await expect(applied).rejects.toThrow(/no matches for kind "ValidatingAdmissionPolicy"/);
      const tokens = await kubectl(server(), ['-n', 'kilofed', 'get', 'secrets', '-o', 'jsonpath={.items[*].type}']);
      expect(tokens).toBe('Opaque');
      await expect(runScript(server())).rejects.toThrow(/the policies of manifests\/member.yaml are missing/);
    });
  },
);
