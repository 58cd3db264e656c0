/**
 * Commands, run to their end, with errors that say which one failed and what it printed.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';

export interface RunOptions {
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** Standard output of `argv`. @throws with argv, exit status and standard error when it fails or takes too long. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const [program = '', ...rest] = argv;
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      rest,
      { timeout: options.timeoutMs ?? 20_000, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${argv.join(' ')}: ${error.message.split('\n', 1)[0]}\n${stderr || stdout}`.trim()));
      },
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}

/** Starts `argv` so that it dies with us, however we die. */
export function start(argv: readonly string[], options: { readonly env?: NodeJS.ProcessEnv; readonly stdio?: 'pipe' | number } = {}): ChildProcess {
  const stdio = options.stdio ?? 'pipe';
  return spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...argv], {
    env: options.env ?? process.env,
    stdio: ['ignore', stdio, stdio],
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
