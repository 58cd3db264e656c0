/**
 * A command in a process group of its own: what it does to its group does not reach us, and we can end all of it.
 */
import { spawn } from 'node:child_process';
import { signalGroup } from '../lab/signal.js';

/** From the request to end to the force that ends it. */
const GRACE_MS = 20_000;

export interface Bounds {
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** An open file for its output and errors. Without, they are ours. */
  readonly output?: number;
}

/** Runs `argv`. Resolves with undefined when it succeeded, else with how it ended: "ended with status 1", "was killed after 15 min". */
export async function runBounded(argv: readonly string[], { limitMs, signal, output }: Bounds): Promise<string | undefined> {
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, { detached: true, stdio: ['ignore', output ?? 'inherit', output ?? 'inherit'] });
  let reason: string | undefined;
  let force: NodeJS.Timeout | undefined;
  const end = (why: string): void => {
    reason ??= why;
    if (child.pid === undefined) return;
    signalGroup(child.pid, 'SIGTERM');
    force ??= setTimeout(() => signalGroup(child.pid, 'SIGKILL'), GRACE_MS);
  };
  const limit = setTimeout(() => end(`was killed after ${limitMs / 60_000} min`), limitMs);
  const interrupt = (): void => end('was interrupted');
  signal.addEventListener('abort', interrupt, { once: true });
  const how = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('close', (code, by) =>
      resolve(code === 0 ? undefined : code === null ? `was killed by ${by}` : `ended with status ${code}`),
    );
  });
  clearTimeout(limit);
  clearTimeout(force);
  signal.removeEventListener('abort', interrupt);
  return reason ?? how;
}
