/**
 * The whole program on a node without API server: it works from what it saved, survives its own death without a change,
 * says what it would do, and cleans up.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../lab/process.js';
import { agentArgv, saveInputs, startAgent, untilMatched, type NodeDescription } from './agentProcess.js';
import { createWorkbench, INTERNAL_IP, photograph, STATE } from './bench.js';
import { identityOf } from './wireguardDevice.js';

export interface Restart {
  readonly plannedBefore: string;
  readonly firstChanges: number | undefined;
  /** What makes up the WireGuard devices: another where one was made anew. */
  readonly devices: { readonly before: readonly string[]; readonly afterKill: readonly string[]; readonly afterTerm: readonly string[] };
  readonly plannedAfter: string;
  readonly secondChanges: number | undefined;
  readonly terminated: number | null;
  readonly cleaned: string;
  readonly same: boolean;
  readonly difference: string;
}

export const NODES: readonly NodeDescription[] = [
  { name: 'a', location: 'one', address: INTERNAL_IP, podCIDR: '10.101.0.0/24', meshAddress: '10.4.0.1', slot: 0 },
  { name: 'b', location: 'one', address: '10.0.0.3', podCIDR: '10.101.1.0/24', meshAddress: '10.4.0.2', slot: 1 },
  { name: 'c', location: 'two', address: '10.0.1.2', podCIDR: '10.101.2.0/24', meshAddress: '10.4.0.3', slot: 0 },
];

export async function restart(): Promise<Restart> {
  await createWorkbench();
  const before = await photograph();
  await saveInputs({ a: STATE, b: '/tmp/b', c: '/tmp/c' }, NODES);
  const options = { name: 'a', stateDir: STATE };
  const print = (): Promise<string> => run(agentArgv(options, '--print-plan'));
  const devices = (): Promise<string[]> => Promise.all(['kilo0', 'kilo1'].map(identityOf));
  const plannedBefore = await print();
  const first = startAgent(options);
  await untilMatched(first);
  const firstChanges = await first.metric('kilofed_node_changes_total');
  const devicesBefore = await devices();
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  await sleep(200);
  const devicesAfterKill = await devices();
  const plannedAfter = await print();
  const second = startAgent(options);
  await untilMatched(second);
  const secondChanges = await second.metric('kilofed_node_changes_total');
  second.child.kill('SIGTERM');
  const [terminated] = (await once(second.child, 'exit')) as [number | null];
  const devicesAfterTerm = await devices();
  const cleaned = await run(agentArgv(options, '--clean-up'));
  const after = await photograph();
  return {
    plannedBefore,
    firstChanges,
    devices: { before: devicesBefore, afterKill: devicesAfterKill, afterTerm: devicesAfterTerm },
    plannedAfter,
    secondChanges,
    terminated,
    cleaned,
    same: before === after,
    difference: before === after ? '' : `${before}\n=====\n${after}`,
  };
}
