/**
 * kubectl against a control plane, as its admin.
 */
import { spawn } from 'node:child_process';
import { binaryPath } from '../lab/binaries/locate.js';
import type { ControlPlane } from './controlPlane.js';

const KUBECTL_MS = 60_000;

/** Standard output of `kubectl args`. @throws with what kubectl said when it fails or takes longer than a minute. */
export function kubectl(controlPlane: ControlPlane, args: readonly string[], input = ''): Promise<string> {
  const path = binaryPath('kubectl');
  if (path === undefined) throw new Error('kubectl is not built: run `make setup`');
  return new Promise((resolve, reject) => {
    const child = spawn(path, [`--kubeconfig=${controlPlane.dir}/admin.kubeconfig`, ...args], {
      timeout: KUBECTL_MS,
      killSignal: 'SIGKILL',
    });
    const output: Buffer[] = [];
    const complaints: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve(Buffer.concat(output).toString('utf8'));
      else
        reject(new Error(`kubectl ${args.join(' ')}: ${signal ?? `exit status ${code}`}\n${Buffer.concat(complaints).toString('utf8')}`));
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** Server-side apply of every document of `yaml`; CustomResourceDefinitions in it are waited for. */
export async function applyYaml(controlPlane: ControlPlane, yaml: string): Promise<void> {
  await kubectl(controlPlane, ['apply', '--server-side', '--force-conflicts', '-f', '-'], yaml);
  if (!/^kind: CustomResourceDefinition\s*$/m.test(yaml)) return;
  await kubectl(controlPlane, ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
}
