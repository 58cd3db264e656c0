/**
 * `ip -j` about the ways to some addresses: what `route get` says of each, and the MTU of the devices that they leave by.
 *
 * An MTU that the kernel has learned of a way is left out: it comes with an `expires`, anybody on the way can cause it, and
 * the tunnel would change its size every ten minutes. The kernel splits what is too large for such a way by itself.
 */
import * as z from 'zod';

export interface Path {
  readonly dev: string;
  readonly deviceMtu: number;
  /** The device's, or less where a route says so. */
  readonly mtu: number;
}

const routeList = z.array(z.object({ dst: z.string(), dev: z.string(), metrics: z.array(z.record(z.string(), z.unknown())).optional() }));
const linkList = z.array(z.object({ ifname: z.string().optional(), mtu: z.int().optional() }));

/**
 * `routes`: a line of JSON for each address that there is a way to; `links`: `ip -j link`. By address, as it was asked for.
 */
export function parsePaths(routes: string, links: string): ReadonlyMap<string, Path> {
  const mtus = new Map(linkList.parse(JSON.parse(links)).map(({ ifname = '', mtu = 0 }) => [ifname, mtu]));
  const paths = new Map<string, Path>();
  for (const line of routes.split('\n').filter((each) => each.startsWith('['))) {
    for (const { dst, dev, metrics = [] } of routeList.parse(JSON.parse(line))) {
      const configured = metrics.filter((each) => !('expires' in each)).map((each) => each['mtu']).find((mtu) => typeof mtu === 'number');
      const deviceMtu = mtus.get(dev);
      if (deviceMtu !== undefined) paths.set(dst, { dev, deviceMtu, mtu: Math.min(configured ?? deviceMtu, deviceMtu) });
    }
  }
  return paths;
}
