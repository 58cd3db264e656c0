/**
 * Runs a scenario of `scenarios.ts` as root in a world of its own: network, mounts and processes, all gone with it.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dirname } from 'node:path';
import { describe, test } from '@jest/globals';
import { binaryPath } from '../lab/binaries/locate.js';

const PROGRAM = fileURLToPath(new URL('scenarioProgram.js', import.meta.url));

/** What the scenario returned. @throws with its log when it failed. */
export function runScenario<T>(name: string, argument = ''): Promise<T> {
  const wireguard = binaryPath('wireguard-go') ?? '';
  const env = { ...process.env, PATH: `${dirname(wireguard)}:${process.env['PATH']}` };
  const world = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child', '--', process.execPath, '--enable-source-maps', PROGRAM, name, argument];
  return new Promise((resolve, reject) => {
    execFile('unshare', world, { env, timeout: 110_000, killSignal: 'SIGKILL', maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout) as T);
      else reject(new Error(`${name}: ${error.message}\n${stderr.slice(-4000)}`));
    });
  });
}

/** Like `describe`; where root or a program is missing it is skipped, and says so; in CI it fails. */
export function describeOnHost(title: string, body: () => void): void {
  const missing = [
    ...(process.getuid?.() === 0 ? [] : ['root']),
    ...(existsSync('/dev/net/tun') ? [] : ['/dev/net/tun']),
    ...(binaryPath('wireguard-go') === undefined ? ['wireguard-go (run `make setup`)'] : []),
    ...(['ip', 'nft', 'wg'].filter((program) => !['/usr/sbin', '/sbin', '/usr/bin', '/bin'].some((folder) => existsSync(`${folder}/${program}`)))),
  ];
  if (missing.length === 0) {
    describe(title, body);
    return;
  }
  const reason = `${title}: needs ${missing.join(', ')}`;
  if (process.env['CI'] === undefined) describe.skip(`SKIPPED ${reason}`, body);
  else test(reason, () => Promise.reject(new Error(`missing: ${missing.join(', ')}`)));
}
