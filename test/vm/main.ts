/**
 * Kernels other than this machine's: `node out/test/vm/main.js setup [VERSION...] | in-kernel VERSION -- COMMAND...`.
 *
 * `in-kernel` boots that kernel, and runs the command here, with the machine in its environment: tests of test/host run their scenarios
 * in it (test/host/runScenario.ts). Where there can be no machine, the command is told why, and skips what needs it.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { installPackages } from '../lab/setup/setup.js';
import { missingPrograms } from './needs.js';
import { VM_LACKS_VARIABLE, VM_VARIABLE, scenarioBundle } from './current.js';
import { cachedKernel, fetchKernel, KERNEL_VERSIONS, type KernelVersion } from './kernels.js';
import { boot, type Machine } from './machine.js';

const USAGE = `usage: node out/test/vm/main.js setup [VERSION...] | in-kernel VERSION -- COMMAND...
  versions: ${KERNEL_VERSIONS.join(', ')}
`;

process.exitCode = await main(process.argv.slice(2));

async function main([command, ...rest]: readonly string[]): Promise<number> {
  const dashes = rest.indexOf('--');
  const versions = (dashes < 0 ? rest : rest.slice(0, dashes)).filter(isVersion);
  const [version] = versions;
  if (command === 'setup') return setUp(versions.length === 0 ? KERNEL_VERSIONS : versions);
  if (command === 'in-kernel' && version !== undefined && dashes > 0) return inKernel(version, rest.slice(dashes + 1));
  process.stderr.write(USAGE);
  return 2;
}

function isVersion(text: string): text is KernelVersion {
  return KERNEL_VERSIONS.some((version) => version === text);
}

/** Always 0: what cannot be had is said here, and again by each test that it skips. */
async function setUp(versions: readonly KernelVersion[]): Promise<number> {
  try {
    const packages = missingPrograms();
    if (packages.length > 0) await installPackages(packages, note);
    for (const version of versions) {
      if (cachedKernel(version) !== undefined) continue;
      note(`get kernel ${version} (about 25 s)`);
      await fetchKernel(version);
    }
  } catch (error) {
    note(`tests on kernels of their own will be skipped: ${(error as Error).message}`);
  }
  return 0;
}

async function inKernel(version: KernelVersion, argv: readonly string[]): Promise<number> {
  const lacks = lackOf(version);
  if (lacks !== undefined) {
    note(lacks);
    return runHere(argv, { [VM_LACKS_VARIABLE]: lacks }, new AbortController().signal);
  }
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  const kernel = cachedKernel(version);
  if (kernel === undefined) throw new Error(`no kernel ${version}`);
  let machine: Machine | undefined;
  try {
    machine = await boot(kernel, controller.signal);
    note(`kernel ${kernel.release} has booted in ${machine.bootSeconds} s of its own clock`);
    await bundleScenarios(machine.folder);
    return await runHere(argv, { [VM_VARIABLE]: machine.folder }, controller.signal);
  } finally {
    await machine?.stop();
  }
}

/** What this machine lacks for one of that version, and what to do; undefined: nothing. */
function lackOf(version: KernelVersion): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return `kernel ${version}: needs Linux on x86-64, which it shares /usr with`;
  if (process.getuid?.() !== 0) return `kernel ${version}: needs root`;
  const programs = missingPrograms();
  if (programs.length > 0) return `kernel ${version}: needs ${programs.join(', ')} (run \`make kernel\`)`;
  if (cachedKernel(version) === undefined) return `kernel ${version}: it is not in the cache (run \`make kernel KERNEL=${version}\`)`;
  return existsSync(resolve('dist/kilofed.js')) ? undefined : `kernel ${version}: needs dist/ (run \`make build\`)`;
}

/** One file, and not three hundred: an emulated machine takes long to read and compile them. */
async function bundleScenarios(folder: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, '../host/scenarioProgram.js')],
    outfile: scenarioBundle(folder),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.18',
    minifySyntax: true,
    minifyWhitespace: true,
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
}

/** With our output; returns its exit status. */
async function runHere(argv: readonly string[], env: Readonly<Record<string, string>>, signal: AbortSignal): Promise<number> {
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } });
  signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
  return new Promise((ended) => {
    child.once('error', () => ended(127));
    child.once('close', (code) => ended(code ?? 1));
  });
}

function note(text: string): void {
  process.stderr.write(`kernel: ${text}\n`);
}
