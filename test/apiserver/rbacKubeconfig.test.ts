import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from '@jest/globals';
import { RESOURCE, resourcePath } from '../../core/api/resources.js';
import { loadKubeconfig } from '../../kube/config/kubeconfig.js';
import type { KubeClient } from '../../kube/wire/client.js';
import { createKubeClient } from '../../kube/wire/http2Client.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import { binaryPath } from '../lab/binaries/locate.js';
import { applyYaml, kubectl } from './kubectl.js';
import { describeWithApiServer } from './suite.js';

const ROOT = join(import.meta.dirname, '../../..');
const SCRIPT = join(ROOT, 'examples/multicluster/make-kubeconfig.sh');

describeWithApiServer("examples/multicluster/make-kubeconfig.sh", { controllers: 'serviceaccount-token-controller,legacy-serviceaccount-token-cleaner-controller' }, (server) => {
  beforeAll(async () => {
    await kubectl(server(), ['create', 'namespace', 'kilofed']);
    await applyYaml(server(), await readFile(join(ROOT, 'manifests/member.yaml'), 'utf8'));
    await kubectl(server(), ['wait', '-n', 'kilofed', 'secret/kilofed-hub', '--for=jsonpath={.data.token}', '--timeout=30s']);
  }, 60_000);

  /** As a person runs it: kubectl is on the PATH, and the kubeconfig is theirs. */
  async function run(...args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
    const bin = join(server().dir, 'bin');
    await mkdir(bin, { recursive: true });
    await symlink(binaryPath('kubectl') ?? '', join(bin, 'kubectl')).catch(() => undefined);
    return promisify(execFile)('sh', [SCRIPT, ...args], {
      env: { PATH: `${bin}:${process.env['PATH']}`, HOME: dirname(bin), KUBECONFIG: join(server().dir, 'admin.kubeconfig') },
    });
  }

  test('prints a kubeconfig with which the hub may do its work, and no more', async () => {
    const { stdout } = await run();
    const loaded = loadKubeconfig(stdout, { now: () => systemClock.now() });
    if (!loaded.ok) throw new Error(loaded.error);
    const client: KubeClient = createKubeClient({ ...loaded.connection, userAgent: 'kilofed-test' }, { clock: systemClock });
    try {
      expect(await client.call({ method: 'GET', path: resourcePath(RESOURCE.service) })).toMatchObject({ ok: true });
      expect(await client.call({ method: 'GET', path: resourcePath(RESOURCE.namespace, undefined, 'kube-system') })).toMatchObject({ ok: true });
      expect(await client.call({ method: 'GET', path: resourcePath(RESOURCE.secret, 'kilofed') })).toMatchObject({ ok: false, error: { kind: 'forbidden' } });
    } finally {
      client.close();
    }
  });

  test('takes another context and another address, and warns of one that leads nowhere', async () => {
    const { stdout, stderr } = await run('--context', 'test', 'https://203.0.113.7:6443');
    expect(stdout).toContain('server: "https://203.0.113.7:6443"');
    expect(stderr).toBe('');
    expect((await run()).stderr).toMatch(/leads the hub to itself: give the address that others use/);
    await expect(run('--context', 'nobody')).rejects.toThrow(/context.*nobody/);
  });

  test('says what is missing where there is no token', async () => {
    await kubectl(server(), ['-n', 'kilofed', 'delete', 'secret', 'kilofed-hub']);
    await expect(run()).rejects.toThrow(/has no token yet: apply manifests\/member.yaml/);
  });
});
