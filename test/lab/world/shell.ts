/**
 * `make lab-shell`: a shell inside a running world, with the lab's programs on PATH and a hint of what is there.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Binary, binaryPath } from '../binaries/locate.js';
import { ended } from '../process.js';
import { initOf, RUN_VARIABLE } from './enter.js';
import { kubeconfigs, outerPidFile, runFolder } from './state.js';

const EXECUTABLE = resolve(import.meta.dirname, '../../../../dist/kilofed.js');
const PROGRAMS: readonly Binary[] = ['kubectl', 'etcd', 'coredns', 'wireguard-go'];

/** Command prefix that enters the world of a running lab. @throws when it has just ended. */
function enterRunning(id: string): string[] {
  const file = outerPidFile(id);
  const init = existsSync(file) ? initOf(Number(readFileSync(file, 'utf8'))) : undefined;
  if (init === undefined) throw new Error(`run ${id} has no process to enter`);
  return ['nsenter', `--target=${init}`, '--net', '--mount', '--pid', '--'];
}

/** A shell there, or `argv`; returns its exit status. */
export async function shellIn(id: string, argv: readonly string[]): Promise<number> {
  const clusters = kubeconfigs(id);
  const folders = PROGRAMS.flatMap((program) => binaryPath(program) ?? []).map(dirname);
  const first = Object.values(clusters)[0];
  const env = {
    ...process.env,
    [RUN_VARIABLE]: id,
    PATH: [kilofedFolder(id), ...new Set(folders), process.env['PATH']].join(':'),
    ...(first === undefined ? {} : { KUBECONFIG: Object.values(clusters).join(':') }),
  };
  if (argv.length === 0) process.stdout.write(hint(id, clusters));
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...enterRunning(id), ...(argv.length === 0 ? ['bash', '-i'] : argv)], {
    stdio: 'inherit',
    env,
  });
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  await ended(child);
  process.off('SIGINT', ignore);
  return child.exitCode ?? 1;
}

/** A folder with our own executable under its name. */
function kilofedFolder(id: string): string {
  const folder = join(runFolder(id), 'bin');
  mkdirSync(folder, { recursive: true });
  const link = join(folder, 'kilofed');
  if (!existsSync(link)) symlinkSync(EXECUTABLE, link);
  return folder;
}

function hint(id: string, clusters: Readonly<Record<string, string>>): string {
  const names = Object.keys(clusters);
  const lines = [
    `Inside run ${id}; clusters: ${names.join(', ') || 'none yet'}. Try:`,
    ...names.map((name) => `  kubectl --context ${name} get nodes,pods -A -o wide`),
    ...names.slice(0, 1).map((name) => `  kilofed --help; kilofed status --kubeconfig ${clusters[name]}`),
    '  ip -br addr; nft list ruleset; lsns',
    `  logs and state: ${runFolder(id)}`,
  ];
  return `${lines.join('\n')}\n`;
}
