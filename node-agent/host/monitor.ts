/**
 * Monitor: `ip monitor`, listening for others who remove what is ours.
 *
 * It only says that something may be amiss; the next observation finds out what. While we make changes ourselves, and a
 * moment longer, since the events arrive late, a loss may be our own doing.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { INTERFACE_PREFIX, ROUTE_PROTOCOL } from '../../core/mesh/plan.js';
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';

export interface Monitor {
  start(onLoss: OnLoss): void;
  /** Losses while `run` runs may be its doing. */
  during<T>(run: () => Promise<T>): Promise<T>;
  close(): void;
}

/** Something of ours is gone; `ours`: perhaps by ourselves. */
export type OnLoss = (ours: boolean) => void;

export interface MonitorDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function createMonitor(deps: MonitorDeps): Monitor {
  let child: ChildProcess | undefined;
  let closed = false;
  let busy = 0;
  let quietUntil = 0;
  const start = (onLoss: OnLoss): void => {
    child = spawn('ip', ['monitor', 'link', 'route', 'nexthop'], {
      env: { PATH: deps.env['PATH'], LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let rest = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      if (lines.some(isLoss)) onLoss(busy > 0 || deps.clock.now() < quietUntil);
    });
    child.on('error', () => undefined);
    child.on('close', () => {
      if (closed) return;
      deps.log.warn('ip monitor ended; starting it again');
      deps.clock.after(RESTART_MS, () => {
        if (!closed) start(onLoss);
      });
    });
  };
  return {
    start,
    async during(run) {
      busy += 1;
      try {
        return await run();
      } finally {
        busy -= 1;
        quietUntil = deps.clock.now() + QUIET_MS;
      }
    },
    close() {
      closed = true;
      child?.kill();
    },
  };
}

const QUIET_MS = 100;
const RESTART_MS = 1000;

const LOSS = new RegExp(`^Deleted .*(proto ${ROUTE_PROTOCOL}\\b|\\b${INTERFACE_PREFIX}(vx|ip|[0-9]))`);
const DOWN = new RegExp(`^[0-9]+: ${INTERFACE_PREFIX}(vx|ip|[0-9]+): <(?!.*\\bUP\\b)`);

/** A line of ours that says something is gone or down. Exported for its table of recorded lines. */
export function isLoss(line: string): boolean {
  return LOSS.test(line) || DOWN.test(line);
}
