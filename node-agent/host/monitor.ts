/**
 * Monitor: `ip monitor`, listening for others who remove what is ours, and for the ground under it that moves.
 *
 * It only says that something may be amiss; the next observation finds out what. While we make changes ourselves, and a
 * moment longer, since the events arrive late, a loss may be our own doing.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { INTERFACE_PREFIX, ROUTE_METRIC, ROUTE_PROTOCOL } from '../../core/mesh/plan.js';
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';

export interface Monitor {
  start(listener: MonitorListener): void;
  /** Losses while `run` runs may be its doing. */
  during<T>(run: () => Promise<T>): Promise<T>;
  close(): void;
}

export interface MonitorListener {
  /** Something of ours is gone; `ours`: perhaps by ourselves. */
  lost(ours: boolean): void;
  /** An address of the host, a way to other networks, or a device that we stand on is another now. */
  moved(): void;
}

export interface MonitorDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The devices that we stand on, with the MTU that we know of each. */
  readonly ground: () => ReadonlyMap<string, number>;
}

export function createMonitor(deps: MonitorDeps): Monitor {
  let child: ChildProcess | undefined;
  let closed = false;
  let busy = 0;
  let quietUntil = 0;
  const start = (listener: MonitorListener): void => {
    child = spawn('ip', ['monitor', 'link', 'address', 'route', 'nexthop'], {
      env: { PATH: deps.env['PATH'], LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let rest = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      if (lines.some(isLoss)) listener.lost(busy > 0 || deps.clock.now() < quietUntil);
      if (lines.some((line) => isMove(line, deps.ground()))) listener.moved();
    });
    child.on('error', () => undefined);
    child.on('close', () => {
      if (closed) return;
      deps.log.warn('ip monitor ended; starting it again');
      deps.clock.after(RESTART_MS, () => {
        if (!closed) start(listener);
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

const LOSS = new RegExp(`^Deleted .*(proto ${ROUTE_PROTOCOL}\\b|metric ${ROUTE_METRIC} scope global lo\\b|\\b${INTERFACE_PREFIX}(vx|ip|[0-9]))`);
const DOWN = new RegExp(`^[0-9]+: ${INTERFACE_PREFIX}(vx|ip|[0-9]+): <(?!.*\\bUP\\b)`);

/** A line of ours that says something is gone or down. Exported for its table of recorded lines. */
export function isLoss(line: string): boolean {
  return LOSS.test(line) || DOWN.test(line);
}

const LINK = /^(Deleted )?[0-9]+: ([^:@ ]+)(?:@[^: ]+)?: <([^>]*)> mtu ([0-9]+)/;
const ADDRESS = /^(?:Deleted )?[0-9]+: (\S+) +inet6? (.*)$/;
/** kube-proxy in IPVS mode gives every Service's address to this device. */
const ADDRESSES_OF_OTHERS = new RegExp(`^(${INTERFACE_PREFIX}(vx|[0-9]).*|kube-ipvs0)$`);
const WAY = /^(?:Deleted )?(?:default|[0-9a-f.:]+(?:\/[0-9]+)?) via /;

/**
 * A line that says that the ground moved. Pods come and go with devices, link-local addresses and routes without gateway, all
 * the time: none of these is meant, nor what is ours. Exported for its table of recorded lines.
 */
export function isMove(line: string, ground: ReadonlyMap<string, number>): boolean {
  const link = LINK.exec(line);
  if (link !== null) {
    const [, gone, name = '', flags = '', mtu = ''] = link;
    const known = ground.get(name);
    return known !== undefined && (gone !== undefined || Number(mtu) !== known || !flags.split(',').includes('UP'));
  }
  const [, dev, address = ''] = ADDRESS.exec(line) ?? [];
  if (dev !== undefined) return !ADDRESSES_OF_OTHERS.test(dev) && !/scope (link|host)\b/.test(address) && !address.includes(` metric ${ROUTE_METRIC} `);
  return WAY.test(line) && !line.includes(`proto ${ROUTE_PROTOCOL}`);
}
