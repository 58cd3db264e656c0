/**
 * Runs a program to its end: arguments as an array, no shell, C locale, with a timeout and a limit on its output.
 *
 * Secrets never travel in arguments, so the arguments may appear in errors.
 */
import { execFile } from 'node:child_process';

interface RunOptions {
  readonly stdin?: string;
  /** Milliseconds; default 10 000. */
  readonly timeoutMs?: number;
  /** Of its output; more is a failure. Default 64 MiB. */
  readonly maxBytes?: number;
}

export type RunResult =
  | { readonly ok: true; readonly stdout: string }
  | {
      readonly ok: false;
      /** missing: no such program. */
      readonly kind: 'exit' | 'timeout' | 'missing' | 'other';
      /** What the program said, else what happened. */
      readonly message: string;
      /** What it printed all the same. */
      readonly stdout: string;
      /** Program and first arguments, for people. */
      readonly command: string;
    };

export interface Runner {
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
}

/** Whether a program failed since this kernel has no IPv6 (`ipv6.disable=1`): there is nothing of it to read, and that is known. */
export function lacksIpv6(result: RunResult): boolean {
  return !result.ok && result.message.includes('Address family not supported by protocol');
}

export function createRunner(env: Readonly<Record<string, string | undefined>>): Runner {
  const { XTABLES_LOCKFILE } = env;
  const childEnv = {
    PATH: env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C',
    ...(XTABLES_LOCKFILE === undefined ? {} : { XTABLES_LOCKFILE }),
  };
  return {
    run: ([program = '', ...args], options = {}) =>
      new Promise((resolve) => {
        const timeout = options.timeoutMs ?? 10_000;
        const child = execFile(
          program,
          args,
          { env: childEnv, timeout, killSignal: 'SIGKILL', maxBuffer: options.maxBytes ?? MAX_OUTPUT },
          (error, stdout, stderr) => {
            resolve(error === null ? { ok: true, stdout } : { ...failure([program, ...args], error, stderr), stdout });
          },
        );
        // A program that ends before it has read everything closes the pipe; its exit status says why.
        child.stdin?.on('error', () => undefined);
        child.stdin?.end(options.stdin ?? '');
      }),
  };
}

const MAX_OUTPUT = 64 * 1024 * 1024;

type Failed = Extract<RunResult, { readonly ok: false }>;

function failure(
  argv: readonly string[],
  error: Error & { readonly code?: unknown; readonly killed?: boolean },
  stderr: string,
): Omit<Failed, 'stdout'> {
  const shown = argv.slice(0, 8).join(' ');
  const command = argv.length > 8 ? `${shown} ...` : shown;
  const said = stderr.trim().split('\n').slice(-5).join('; ');
  if (error.code === 'ENOENT') return { ok: false, kind: 'missing', message: `${argv[0] ?? ''} is not installed`, command };
  if (error.killed === true) return { ok: false, kind: 'timeout', message: 'took too long and was ended', command };
  if (typeof error.code === 'number')
    return { ok: false, kind: 'exit', message: said === '' ? `ended with code ${error.code}` : said, command };
  return { ok: false, kind: 'other', message: said === '' ? String(error.code) : said, command };
}
