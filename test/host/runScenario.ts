/**
 * Runs a scenario of `scenarios.ts` as root in a world of its own: network, mounts and processes, all gone with it. In a virtual machine
 * where the tests are for one.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { dirname, resolve } from 'node:path';
import { binaryPath } from '../lab/binaries/locate.js';
import { WIREGUARD } from '../lab/wireguard.js';
import { scenarioBundle, VM } from '../vm/current.js';
import { runJob } from '../vm/jobs.js';

/** For a test that runs one. */
export const TIMEOUT_MS = VM === undefined ? 120_000 : 1_200_000;

const PROGRAM = fileURLToPath(new URL('scenarioProgram.js', import.meta.url));

/** What the scenario returned. @throws with its log when it failed. */
export function runScenario<T>(name: string, argument = '', wireguard = WIREGUARD): Promise<T> {
  const PATH = `${dirname(binaryPath('wireguard-go') ?? '')}:${process.env['PATH']}`;
  if (VM !== undefined && 'folder' in VM) return runInMachine(VM.folder, name, argument, { PATH, WIREGUARD: wireguard });
  return new Promise((resolved, reject) => {
    const options = {
      env: { ...process.env, PATH, WIREGUARD: wireguard },
      timeout: 110_000,
      killSignal: 'SIGKILL',
      maxBuffer: 1 << 26,
    } as const;
    execFile('unshare', inWorld(PROGRAM, name, argument), options, (error, stdout, stderr) => {
      if (error === null) resolved(JSON.parse(stdout) as T);
      else reject(new Error(`${name}: ${error.message}\n${stderr.slice(-4000)}`));
    });
  });
}

async function runInMachine<T>(folder: string, name: string, argument: string, env: Readonly<Record<string, string>>): Promise<T> {
  const argv = ['unshare', ...inWorld(scenarioBundle(folder), name, argument)];
  const job = { argv, env: { ...env, KILOFED_PROGRAM: resolve('dist/kilofed.js') }, limitSeconds: MACHINE_SECONDS };
  const { code, stdout, stderr } = await runJob(folder, job);
  if (code === 0) return JSON.parse(stdout) as T;
  throw new Error(`${name}: exit status ${code}\n${stderr.slice(-4000)}`);
}

/** By the clock of a virtual machine. */
const MACHINE_SECONDS = 300;

function inWorld(program: string, name: string, argument: string): string[] {
  const node = [process.execPath, '--enable-source-maps', program, name, argument];
  return ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child', '--', ...node];
}
