/**
 * What `make-kubeconfig.sh` makes of a mistyped command line: no kubeconfig, and no token. Tests on API servers have what it prints.
 */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from '@jest/globals';

const SCRIPT = resolve('examples/multicluster/make-kubeconfig.sh');

/** Without a kubectl: whatever asks for one has gone too far. */
function run(...args: readonly string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync('/bin/sh', [SCRIPT, ...args], { encoding: 'utf8', env: { PATH: '/usr/bin:/bin', KUBECONFIG: '/nonexistent' } });
}

test.each([
  ['an unknown flag', ['--contxt', 'east']],
  ['one word that is no server', ['east']],
  ['a server without https', ['http://203.0.113.7:6443']],
  ['two servers', ['https://203.0.113.7:6443', 'https://203.0.113.8:6443']],
  ['a context without a name', ['--context']],
  ['a flag behind the context', ['--context', 'east', '--server']],
])('%s is refused, and prints nothing to standard output', (_name, args) => {
  const { status, stdout, stderr } = run(...args);
  expect([status === 0, stdout]).toEqual([false, '']);
  expect(stderr).toMatch(/see -h|needs a name/);
});

test('-h says how it is used', () => {
  const { status, stdout } = run('-h');
  expect(status).toBe(0);
  expect(stdout).toMatch(/make-kubeconfig\.sh \[--context NAME\] \[SERVER\]/);
});
