/**
 * Helm 3 and 4 against a control plane, as its admin, with charts/kilofed of this repository.
 */
import { join, resolve } from 'node:path';
import { type Binary, binaryPath } from '../lab/binaries/locate.js';
import { attempt } from '../lab/process.js';
import type { ControlPlane } from './controlPlane.js';

export const CHART = resolve(import.meta.dirname, '../../../charts/kilofed');
const HELM_MS = 90_000;

/** Standard output of `helm args`. `server`: absent for what needs none. @throws with what Helm said when it fails. */
export async function helm(program: Binary, args: readonly string[], server?: ControlPlane): Promise<string> {
  const path = binaryPath(program);
  if (path === undefined) throw new Error(`${program} is not built: run \`make setup\``);
  const kubeconfig = server === undefined ? [] : [`--kubeconfig=${join(server.dir, 'admin.kubeconfig')}`];
  const { code, stdout, stderr } = await attempt([path, ...kubeconfig, ...args], { timeoutMs: HELM_MS });
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: exit status ${code}\n${stderr}`);
  return stdout;
}

/** A values file of the chart. */
export function preset(name: string): string {
  return join(CHART, `presets/${name}.yaml`);
}
