/**
 * A plan of which a part cannot be done: the rest is, what failed is named, and it is mended by the next pass.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { run } from '../lab/process.js';
import { createWorkbench, type Workbench } from './bench.js';
import { emptyPlan } from '../../core/host/emptyPlan.js';
import type { NodePlan } from '../../core/mesh/plan.js';
import { gatewayPlan, type Remote } from './plans.js';

export interface Failing {
  /** Somebody else has a device of a name that we need. */
  readonly blocked: readonly string[];
  readonly goodRoute: string;
  readonly mended: { readonly failures: readonly string[]; readonly again: readonly string[] };
  /** Somebody else has the UDP port of kilo0: the reasons of what fails, and then, when the port is free again. */
  readonly portTaken: { readonly explained: readonly string[]; readonly mended: readonly string[]; readonly again: readonly string[] };
  /** A peer whose prefix is none, among good ones. */
  readonly badPeer: { readonly failures: readonly string[]; readonly peers: number; readonly goodRoute: string };
}

const EAST: Remote = { name: 'east', prefixes: ['10.42.0.0/24'], endpoint: '10.0.0.66:51820' };
const WEST: Remote = { name: 'west', prefixes: ['10.43.0.0/24'], endpoint: '10.0.0.67:51820', active: 1 };

export async function failing(): Promise<Failing> {
  const bench = await createWorkbench();
  await run(['ip', 'link', 'add', 'kilo1', 'type', 'veth', 'peer', 'name', 'far1']);
  const plan = gatewayPlan({ remotes: [EAST, WEST] });
  const blocked = await bench.go(plan);
  const goodRoute = await run(['ip', 'route', 'get', '10.42.0.9']);
  await run(['ip', 'link', 'del', 'kilo1']);
  const mended = await bench.go(plan);
  const again = await bench.go(plan);
  const portTaken = await takePort(bench, plan);
  const withBad = gatewayPlan({
    remotes: [EAST, WEST, { name: 'bad', prefixes: ['10.46.0.0/33'] }, { name: 'good', prefixes: ['10.47.0.0/24'] }],
  });
  const badPeer = await bench.go(withBad);
  const peers = (await run(['wg', 'show', 'kilo0', 'peers'])).trim().split('\n').length;
  return {
    blocked: blocked.failures,
    goodRoute,
    mended: { failures: mended.failures, again: again.commands },
    portTaken,
    badPeer: { failures: badPeer.failures, peers, goodRoute: await run(['ip', 'route', 'get', '10.47.0.9']) },
  };
}

async function takePort(bench: Workbench, plan: NodePlan): Promise<Failing['portTaken']> {
  await bench.go(emptyPlan('a'));
  const taker = createSocket('udp4');
  taker.bind(51820);
  await once(taker, 'listening');
  const { explained } = await bench.go(plan);
  const closed = once(taker, 'close');
  taker.close();
  await closed;
  const mended = await bench.go(plan);
  return { explained, mended: mended.failures, again: (await bench.go(plan)).commands };
}
