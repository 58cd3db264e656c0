/**
 * Monitor: watches `ip monitor` for others removing what is ours, and for changes of the underlay.
 *
 * It only says that something may be wrong; the next observation finds out what. While we make changes ourselves, and a moment longer,
 * since the events arrive late, a loss may be our own doing.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { DEVICE_NAME } from '../../core/mesh/encapsulation/device.js';
import { INTERFACE_PREFIX, ROUTE_METRIC, ROUTE_PROTOCOL } from '../../core/mesh/reserved.js';
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';

interface Monitor {
  start(listener: MonitorListener): void;
  /** Losses while `run` runs may be caused by it. */
  during<T>(run: () => Promise<T>): Promise<T>;
  close(): void;
}

export interface MonitorListener {
  /** Something of ours is gone; `ours`: we may have removed it ourselves. */
  lost(ours: boolean): void;
  /** An address of the host, a route to other networks, or a device that the mesh stands on has changed. */
  underlayChanged(): void;
}

interface MonitorDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The devices that the mesh stands on, and the last known MTU of each. */
  readonly underlay: () => ReadonlyMap<string, number>;
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
      if (lines.some((line) => isUnderlayChange(line, deps.underlay()))) listener.underlayChanged();
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

const OURS = `(?:${[`${INTERFACE_PREFIX}[0-9]+`, ...Object.values(DEVICE_NAME)].join('|')})`;
const LOSS = new RegExp(`^Deleted .*(proto ${ROUTE_PROTOCOL}\\b|metric ${ROUTE_METRIC} scope global lo\\b|\\b${OURS})`);
const DOWN = new RegExp(`^[0-9]+: ${OURS}: <(?!.*\\bUP\\b)`);

/** A line of ours that says something is gone or down. Exported for its table of recorded lines. */
export function isLoss(line: string): boolean {
  return LOSS.test(line) || DOWN.test(line);
}

const LINK = /^(Deleted )?[0-9]+: ([^:@ ]+)(?:@[^: ]+)?: <([^>]*)> mtu ([0-9]+)/;
const ADDRESS = /^(?:Deleted )?[0-9]+: (\S+) +inet6? (.*)$/;
/** kube-proxy in IPVS mode gives every Service's address to this device. */
const ADDRESSES_OF_OTHERS = new RegExp(`^(${OURS}.*|kube-ipvs0)$`);
const GATEWAY_ROUTE = /^(?:Deleted )?(?:default|[0-9a-f.:]+(?:\/[0-9]+)?) via /;

/**
 * A line that says that the underlay changed. It ignores what is ours, and what comes and goes with pods: devices, link-local addresses and
 * routes without a gateway. Exported for its table of recorded lines.
 */
export function isUnderlayChange(line: string, underlay: ReadonlyMap<string, number>): boolean {
  const link = LINK.exec(line);
  if (link !== null) {
    const [, gone, name = '', flags = '', mtu = ''] = link;
    const known = underlay.get(name);
    return known !== undefined && (gone !== undefined || Number(mtu) !== known || !flags.split(',').includes('UP'));
  }
  const [, dev, address = ''] = ADDRESS.exec(line) ?? [];
  if (dev !== undefined)
    return !ADDRESSES_OF_OTHERS.test(dev) && !/scope (link|host)\b/.test(address) && !address.includes(` metric ${ROUTE_METRIC} `);
  return GATEWAY_ROUTE.test(line) && !line.includes(`proto ${ROUTE_PROTOCOL}`);
}
