/**
 * `kilofed node-agent`: reads the environment, puts the parts together, and runs until it is told to stop.
 *
 * Its end leaves everything in the kernel: tunnels and routes go on, and the next start takes them over.
 */
import { lookup } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { createPlanMemory } from '../core/mesh/planMemory.js';
import { planNode } from '../core/mesh/planNode.js';
import { printableLines } from '../core/text/printable.js';
import type { KubeClient } from '../kube/wire/client.js';
import { createKubeClient } from '../kube/wire/http2Client.js';
import { fileConnection } from '../kube/wire/inCluster.js';
import { createJsonLog } from '../kube/wire/jsonLog.js';
import { systemClock } from '../kube/wire/systemClock.js';
import { createHost } from './host/host.js';
import { createRunner } from './host/runner.js';
import { createKiloHost } from './kilo/kiloHost.js';
import { parseOptions, type Options } from './options.js';
import { runAgent, type ProgramDeps } from './program.js';
import { createProbeSockets } from './probe/sockets.js';
import { createStateFiles } from './stateFiles.js';

/** What an agent that runs for years does not need is only loaded where it is asked for. */
const ACTIONS = {
  run: async () => runAgent,
  printPlan: async () => (await import('./printPlan.js')).printPlan,
  cleanUp: async () => (await import('./cleanUp.js')).cleanUp,
} as const;

/** Exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const { env } = process;
  const parsed = parseOptions(argv, { env, hostname: hostname(), uid: process.getuid?.() });
  if (parsed.kind === 'help') {
    process.stdout.write((await import('./help.js')).HELP);
    return 0;
  }
  if (parsed.kind === 'error') return refuse(parsed.message);
  const { options } = parsed;
  // Collects garbage when there are 2 MiB of it, not 8. No option that NODE_OPTIONS takes.
  setFlagsFromString('--optimize-for-size');
  if (options.hostNamespace !== undefined && !existsSync(join(options.hostNamespace, 'ns/mnt'))) {
    return refuse(
      `--host-namespace is "${options.hostNamespace}", and there is no ${options.hostNamespace}/ns/mnt: ` +
        'run the pod with hostPID and privileged, and write /proc/1',
    );
  }
  const client = clientOf(options);
  if (typeof client === 'string') return refuse(client);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  const deps = depsOf(options, client, env);
  try {
    const action = await ACTIONS[options.action]();
    return await action(options, deps, stop.signal);
  } catch (error) {
    deps.log.error('The node-agent ends', { reason: error instanceof Error ? error.message : String(error) });
    return 1;
  } finally {
    deps.host.close();
    client?.close();
  }
}

function depsOf(options: Options, client: KubeClient | undefined, env: NodeJS.ProcessEnv): ProgramDeps {
  const log = createJsonLog({ level: options.logLevel, write: (line) => void process.stderr.write(line), wall: () => systemClock.wall() });
  const { stateDir, keyFile, hostNamespace, cniDir, wireguard } = options;
  const memory = createPlanMemory();
  return {
    clock: systemClock,
    random: Math.random,
    log,
    host: createHost(
      { stateDir, keyFile, cniDir, wireguard, env, ...(hostNamespace === undefined ? {} : { hostNamespace }) },
      { clock: systemClock, log },
    ),
    kilo: createKiloHost(
      createRunner({ ...env, ...(hostNamespace === undefined ? {} : { XTABLES_LOCKFILE: join(hostNamespace, 'root/run/xtables.lock') }) }),
    ),
    files: createStateFiles(stateDir, log),
    client,
    out: (text) => void process.stdout.write(printableLines(text)),
    lookup: async (name) => (await lookup(name, { all: true })).map((one) => one.address),
    planNode: (input) => planNode(input, memory),
    sockets: createProbeSockets(log),
  };
}

/** Undefined: no API server is known. A text is what is wrong. */
function clientOf(options: Options): KubeClient | undefined | string {
  if (options.connection === undefined) return undefined;
  try {
    return createKubeClient({ ...fileConnection(options.connection), userAgent: 'kilofed-node-agent' }, { clock: systemClock });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function refuse(message: string): number {
  process.stderr.write(`kilofed node-agent: ${message}\nSee kilofed node-agent --help.\n`);
  return 2;
}
