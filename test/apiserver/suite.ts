/**
 * Jest suites on a real API server: one per file, started before the first test and ended after the last.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { type Binary, binaryPath } from '../lab/binaries/locate.js';
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from './controlPlane.js';

type SuiteOptions = Partial<Omit<ControlPlaneOptions, 'dir'>> & {
  /** What the tests run beside the control plane. */
  readonly programs?: readonly Binary[];
};

const START_MS = 150_000;

/**
 * Like `describe`, with an API server that `body` asks for inside its tests. Where the programs are not built the suite is
 * skipped and its name says so; in CI (`CI` in the environment) it fails.
 */
export function describeWithApiServer(title: string, options: SuiteOptions, body: (server: () => ControlPlane) => void): void {
  const missing = required(options).filter((program) => binaryPath(program) === undefined);
  if (missing.length > 0) {
    const reason = `${title}: needs ${missing.join(', ')}: run \`make setup\``;
    if (process.env['CI'] === undefined) {
      describe.skip(`SKIPPED ${reason}`, () => body(none));
      return;
    }
    test(reason, () => {
      throw new Error(`not built: ${missing.join(', ')}`);
    });
    return;
  }
  describe(title, () => {
    let dir: string | undefined;
    let running: ControlPlane | undefined;
    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'kilofed-apiserver-'));
      running = await startControlPlane({ name: 'test', serviceCIDR: '10.96.0.0/16', ...options, dir });
    }, START_MS);
    afterAll(async () => {
      await running?.stop();
      if (dir !== undefined) await rm(dir, { recursive: true, force: true });
    }, START_MS);
    body(() => running ?? none());
  });
}

function none(): never {
  throw new Error('the API server is there only while tests run');
}

function required(options: SuiteOptions): Binary[] {
  return [
    ...(['etcd', 'kube-apiserver', 'kubectl'] as const),
    ...(options.programs ?? []),
    ...(options.controllers === undefined ? [] : (['kube-controller-manager'] as const)),
    ...(options.scheduler === true ? (['kube-scheduler'] as const) : []),
  ];
}
