/**
 * Runs a scenario of `scenarios.ts` as root in a world of its own: network, mounts and processes, all gone with it.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { dirname } from 'node:path';
import { binaryPath } from '../lab/binaries/locate.js';
import { WIREGUARD } from '../lab/wireguard.js';

const PROGRAM = fileURLToPath(new URL('scenarioProgram.js', import.meta.url));

/** What the scenario returned. @throws with its log when it failed. */
export function runScenario<T>(name: string, argument = '', wireguard = WIREGUARD): Promise<T> {
  const program = binaryPath('wireguard-go') ?? '';
  const env = { ...process.env, PATH: `${dirname(program)}:${process.env['PATH']}`, WIREGUARD: wireguard };
  const world = [
    '--net',
    '--mount',
    '--pid',
    '--fork',
    '--mount-proc',
    '--kill-child',
    '--',
    process.execPath,
    '--enable-source-maps',
    PROGRAM,
    name,
    argument,
  ];
  return new Promise((resolve, reject) => {
    execFile('unshare', world, { env, timeout: 110_000, killSignal: 'SIGKILL', maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout) as T);
      else reject(new Error(`${name}: ${error.message}\n${stderr.slice(-4000)}`));
    });
  });
}
