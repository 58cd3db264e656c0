/**
 * A long-lived `ip -force -batch -` (or `bridge`): one line in, one kernel change, without a process per change.
 *
 * iproute2 prints nothing about a line that worked, and `Command failed -:<line>` on stderr about one that failed. So every run of lines
 * ends with one that must fail: its message, on the same stream, says that the others are done.
 */
import { spawn, type ChildProcess } from 'node:child_process';

export interface Batch {
  /** Carries out the lines in order. One answer per line: undefined, or what went wrong. */
  run(lines: readonly string[]): Promise<readonly (string | undefined)[]>;
  /**
   * The next run uses a new process. iproute2 remembers the index of every device that it has seen (lib/ll_map.c), and a device that was
   * made again has another.
   */
  renew(): void;
  close(): void;
}

interface BatchOptions {
  /** e.g. `['ip', '-6']`. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds until a run that does not end counts as hanging; default 10 000. */
  readonly timeoutMs?: number;
}

interface Session {
  readonly child: ChildProcess;
  /** Lines written so far: iproute2 counts them from 1. */
  written: number;
  current: Run | undefined;
}

type Answers = readonly (string | undefined)[];

type Answer =
  | { readonly kind: 'answered'; readonly errors: Answers }
  /** The program ended, or did not answer in time: nobody knows which lines were done. */
  | { readonly kind: 'ended' | 'hung'; readonly reason: string };

interface Run {
  /** Number of the line before the run's first. */
  readonly offset: number;
  readonly errors: (string | undefined)[];
  said: string[];
  /** `end`: why the program is gone; undefined: all lines were answered for. */
  finish(end: string | undefined): void;
}

export function createBatch(options: BatchOptions): Batch {
  let session: Session | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const drop = (gone: Session): void => {
    if (session === gone) session = undefined;
  };
  /**
   * iproute2 ends at a line that it cannot parse, despite `-force`. Halving the run finds that line; the others are done, some of them
   * twice.
   */
  const runNow = async (lines: readonly string[]): Promise<Answers> => {
    session ??= open(options, drop);
    const answer = await runLines(session, lines, options.timeoutMs ?? 10_000);
    if (answer.kind === 'answered') return answer.errors;
    if (answer.kind === 'hung' || lines.length === 1) return lines.map(() => answer.reason);
    const middle = lines.length >> 1;
    return [...(await runNow(lines.slice(0, middle))), ...(await runNow(lines.slice(middle)))];
  };
  return {
    run(lines) {
      if (lines.length === 0) return Promise.resolve([]);
      const answer = last.then(() => runNow(lines));
      last = answer;
      return answer;
    },
    renew() {
      last = last.then(() => {
        session?.child.stdin?.end();
        session = undefined;
      });
    },
    close() {
      session?.child.stdin?.end();
    },
  };
}

function open(options: BatchOptions, drop: (gone: Session) => void): Session {
  const [program = '', ...args] = options.command;
  const env = { PATH: options.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
  const child = spawn(program, [...args, '-force', '-batch', '-'], { env, stdio: ['pipe', 'ignore', 'pipe'] });
  const session: Session = { child, written: 0, current: undefined };
  const end = (why: string): void => {
    drop(session);
    session.current?.finish(why);
  };
  let rest = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) onLine(session, line);
  });
  child.stdin?.on('error', () => undefined);
  child.on('error', (error) => end(`${program} cannot be started: ${error.message}`));
  child.on('close', () => end(`${program} ended unexpectedly`));
  return session;
}

const FAILED = /^Command failed .*:([0-9]+)$/;
/** No object of any iproute2 program. */
const SENTINEL = 'kilofed';

function onLine(session: Session, line: string): void {
  const run = session.current;
  const failed = FAILED.exec(line);
  if (run === undefined) return;
  if (failed === null) {
    if (run.said.length < 10) run.said.push(line.trim());
    return;
  }
  const index = Number(failed[1]) - run.offset - 1;
  if (index >= run.errors.length) run.finish(undefined);
  else run.errors[index] = run.said.join('; ') || 'failed without a reason';
  run.said = [];
}

function runLines(session: Session, lines: readonly string[], timeoutMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    const errors = Array.from<string | undefined>({ length: lines.length });
    let hung = false;
    const timer = setTimeout(() => {
      hung = true;
      session.child.kill('SIGKILL');
    }, timeoutMs);
    const run: Run = {
      offset: session.written,
      errors,
      said: [],
      finish(end) {
        clearTimeout(timer);
        session.current = undefined;
        if (end === undefined) resolve({ kind: 'answered', errors });
        else resolve({ kind: hung ? 'hung' : 'ended', reason: hung ? `no answer within ${timeoutMs} ms` : run.said.join('; ') || end });
      },
    };
    session.current = run;
    session.written += lines.length + 1;
    session.child.stdin?.write(`${lines.join('\n')}\n${SENTINEL}\n`);
  });
}
