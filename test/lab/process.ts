/**
 * Commands as child processes: run to their end with errors that say what failed, or started so that they die with us.
 */
import { type ChildProcess, execFile, spawn, type StdioOptions } from 'node:child_process';
import { openSync } from 'node:fs';

interface RunOptions {
  readonly input?: string;
  /** Default 30 000. */
  readonly timeoutMs?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Standard output of `argv`. @throws with argv, exit status and standard error when it fails or takes too long. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await attempt(argv, options);
  if (code === 0) return stdout;
  throw new Error(`${argv.join(' ')}: exit status ${code}\n${(stderr.trim() || stdout.trim()).slice(-4000)}`);
}

/** Like `run`, for commands whose failure is an answer. A program that cannot be started or is timed out has a code too (127, 124). */
export function attempt(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const [program = '', ...rest] = argv;
  const settings = {
    timeout: options.timeoutMs ?? 30_000,
    killSignal: 'SIGKILL',
    maxBuffer: 1 << 28,
    env: options.env ?? process.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  } as const;
  return new Promise((resolve) => {
    const child = execFile(program, rest, settings, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
      else if (error.killed === true) resolve({ code: 124, stdout, stderr: `${stderr}\ntimed out after ${settings.timeout} ms` });
      else resolve({ code: 127, stdout, stderr: `${stderr}\n${error.message}` });
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}

interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Default: no input, output ignored. */
  readonly stdio?: StdioOptions;
}

/** Starts `argv` so that the kernel kills it when we die, however we die. */
export function start(argv: readonly string[], options: StartOptions = {}): ChildProcess {
  return spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...argv], {
    env: options.env ?? process.env,
    stdio: options.stdio ?? 'ignore',
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
}

/** Standard input from nowhere, both outputs to the end of a file. */
export function logTo(file: string): StdioOptions {
  const log = openSync(file, 'a');
  return ['ignore', log, log];
}

/** Resolves when the process has ended. */
export function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}

/** Polls `probe` until it returns something defined. @throws after `ms`, naming `what` and the last error. */
export async function until<T>(what: string, ms: number, probe: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = performance.now() + ms;
  let last: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${ms} ms for ${what}${last instanceof Error ? `: ${last.message}` : ''}`, { cause: last });
    }
    await sleep(20);
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
