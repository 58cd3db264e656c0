/**
 * Reads what `ip -j` prints about the paths to some addresses: `route get` for each, and the MTU of the devices that they leave by.
 *
 * An MTU that the kernel has learned has an `expires` (net.ipv4.route.mtu_expires, 10 minutes), which tells it from a configured one. It
 * must be remembered by whoever uses it (docs/decisions/0014-learned-path-mtu.md).
 */
import * as z from 'zod';

export interface Path {
  readonly dev: string;
  readonly deviceMtu: number;
  /** The device's, or less where a route says so. */
  readonly mtu: number;
  /** Learned from a router on the path; absent: none has reported one lately. */
  readonly learned?: number;
}

const routeList = z.array(z.object({ dst: z.string(), dev: z.string(), metrics: z.array(z.record(z.string(), z.unknown())).optional() }));
const linkList = z.array(z.object({ ifname: z.string().optional(), mtu: z.int().optional() }));

/**
 * `routes`: a line of JSON for each address that has a route; `links`: `ip -j link`. By address as asked for.
 */
export function parsePaths(routes: string, links: string): ReadonlyMap<string, Path> {
  const mtus = new Map(linkList.parse(JSON.parse(links)).map(({ ifname = '', mtu = 0 }) => [ifname, mtu]));
  const paths = new Map<string, Path>();
  for (const line of routes.split('\n').filter((each) => each.startsWith('['))) {
    for (const { dst, dev, metrics = [] } of routeList.parse(JSON.parse(line))) {
      const configured = mtuIn(metrics.filter((each) => !('expires' in each)));
      const learned = mtuIn(metrics.filter((each) => 'expires' in each));
      const deviceMtu = mtus.get(dev);
      if (deviceMtu !== undefined)
        paths.set(dst, {
          dev,
          deviceMtu,
          mtu: Math.min(configured ?? deviceMtu, deviceMtu),
          ...(learned === undefined ? {} : { learned }),
        });
    }
  }
  return paths;
}

function mtuIn(metrics: readonly Readonly<Record<string, unknown>>[]): number | undefined {
  return metrics.map((each) => each['mtu']).find((mtu) => typeof mtu === 'number');
}
