/**
 * Somebody else takes things away while the agent runs: it puts them back soon, and cuts nothing else.
 */
import { run, until } from '../lab/process.js';
import { saveInputs, startAgent, untilMatched } from './agentProcess.js';
import { createWorkbench, STATE } from './bench.js';
import { NODES } from './restart.js';
import { identityOf, takeAway } from './wireguardDevice.js';

export interface Drift {
  readonly routeBackMs: number;
  readonly deviceBackMs: number;
  /** The device that was not touched is still the same. */
  readonly otherKept: boolean;
  readonly health: string;
}

export async function drift(): Promise<Drift> {
  await createWorkbench();
  await saveInputs({ a: STATE, b: '/tmp/b', c: '/tmp/c' }, NODES);
  const agent = startAgent({ name: 'a', stateDir: STATE });
  await untilMatched(agent);
  await until('quiet', 2000, async () => ((await agent.health()).startsWith('matched') ? true : undefined));
  const routes = (): Promise<string> => run(['ip', 'route', 'show', 'proto', '107']);
  const all = await routes();
  const other = await identityOf('kilo0');
  const lost = all.split('\n').find((line) => line.includes('nhid')) ?? '';
  const routeBackMs = await timeUntil(
    () => run(['ip', 'route', 'del', lost.split(' ')[0] ?? '', 'proto', '107', 'metric', '107']),
    async () => (await routes()) === all,
  );
  const listens = (): Promise<string> => run(['wg', 'show', 'kilo1', 'listen-port']).catch(() => '');
  const first = await identityOf('kilo1');
  const deviceBackMs = await timeUntil(
    () => takeAway('kilo1'),
    async () => (await listens()).trim() === '51821' && (await identityOf('kilo1')) !== first && (await routes()) === all,
  );
  return { routeBackMs, deviceBackMs, otherKept: (await identityOf('kilo0')) === other, health: await agent.health() };
}

async function timeUntil(act: () => Promise<unknown>, done: () => Promise<boolean>): Promise<number> {
  const began = performance.now();
  await act();
  await until('the repair', 15_000, async () => ((await done()) ? true : undefined));
  return performance.now() - began;
}
