/**
 * Starts a hostile member as a process of its own, as it would be: what it costs itself is not the hub's.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { start } from '../lab/process.js';
import type { Size } from './objects.js';

interface HostileMember {
  readonly server: string;
  /** PEM. */
  readonly ca: string;
  readonly kubeconfig: string;
  stop(): void;
}

const PROGRAM = fileURLToPath(new URL('program.js', import.meta.url));

export async function startHostileMember(size: Size): Promise<HostileMember> {
  const child = start([process.execPath, PROGRAM, JSON.stringify(size)], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('the hostile member has no output');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { server, ca } = JSON.parse(line) as { readonly server: string; readonly ca: string };
  return { server, ca, kubeconfig: kubeconfigOf(server, ca), stop: () => void child.kill('SIGKILL') };
}

function kubeconfigOf(server: string, ca: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name: 'u', user: { token: 'anything' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
}
