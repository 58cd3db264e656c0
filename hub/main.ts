/**
 * `kilofed hub`: reads the environment, puts the parts together, runs until it is told to stop.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Log } from '../core/runtime/log.js';
import { loadKubeconfig } from '../kube/config/kubeconfig.js';
import type { ConnectionOptions, KubeClient } from '../kube/wire/client.js';
import { createKubeClient } from '../kube/wire/http2Client.js';
import { serveHttp } from '../kube/wire/httpServer.js';
import { fileConnection, inClusterFiles } from '../kube/wire/inCluster.js';
import { createJsonLog } from '../kube/wire/jsonLog.js';
import { systemClock } from '../kube/wire/systemClock.js';
import { hubRoutes } from './api/routes.js';
import { chooseQueue } from './chooseQueue.js';
import { type HubFlags, parseFlags } from './flags.js';
import { createHub } from './hub.js';
import type { Source } from './members/declaration.js';
import { directorySource } from './members/directory.js';
import { secretSource } from './members/secrets.js';

import { VERSION } from '../core/api/version.js';

const USER_AGENT = `kilofed-hub/${VERSION}`;
/** Nobody's own services: what runs a cluster. */
const SYSTEM_NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease'];

/** Exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const parsed = parseFlags(argv, {
    env: process.env,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  });
  if (parsed.kind === 'end') return parsed.code;
  const { flags } = parsed;
  const log = createJsonLog({ level: flags.logLevel, write: (line) => void process.stdout.write(line), wall: () => systemClock.wall() });
  const home = connectHome(flags);
  if (typeof home === 'string') return refuse(home);
  if (home === undefined && flags.kubeconfigDir === undefined) {
    return refuse('there is nowhere to read members from: give --kubeconfig-dir or --home-kubeconfig, or run the hub in a cluster');
  }

  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  try {
    const hub = createHub({
      clock: systemClock,
      random: Math.random,
      log,
      sources: sourcesOf(flags, home, log),
      connect,
      ...chooseQueue(flags.redisUrl, { clock: systemClock, random: Math.random, log }),
      version: VERSION,
      sha256: (text) => createHash('sha256').update(text).digest(),
      deniedNamespaces: [...SYSTEM_NAMESPACES, flags.namespace],
    });
    const port = await serveHttp(flags.listen, hubRoutes({ ...hub, metrics: hub.metrics.expose }), stop.signal);
    log.info('the hub starts', { version: VERSION, port, queue: flags.redisUrl === undefined ? 'memory' : 'redis' });
    await hub.run(stop.signal);
    log.info('the hub ends');
    return 0;
  } catch (error) {
    log.error('the hub cannot run', { error });
    return 1;
  } finally {
    stop.abort();
    home?.close();
  }
}

function sourcesOf(flags: HubFlags, home: KubeClient | undefined, log: Log): Source[] {
  const deps = { clock: systemClock, random: Math.random, log };
  return [
    ...(home === undefined ? [] : [secretSource(flags.namespace, { ...deps, client: home })]),
    ...(flags.kubeconfigDir === undefined ? [] : [directorySource(flags.kubeconfigDir, deps)]),
  ];
}

/** Undefined: there is no home cluster. A text is what is wrong. */
function connectHome({ homeKubeconfig }: HubFlags): KubeClient | undefined | string {
  if (homeKubeconfig === undefined) {
    const files = inClusterFiles(process.env);
    return files === undefined ? undefined : clientOf(fileConnection(files));
  }
  try {
    const connected = connect(readFileSync(homeKubeconfig, 'utf8'));
    return connected.ok ? connected.client : `${homeKubeconfig}: ${connected.error}`;
  } catch (error) {
    return `cannot read ${homeKubeconfig}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function connect(kubeconfig: string): { readonly ok: true; readonly client: KubeClient } | { readonly ok: false; readonly error: string } {
  const loaded = loadKubeconfig(kubeconfig, { now: () => systemClock.now() });
  return loaded.ok ? { ok: true, client: clientOf(loaded.connection) } : loaded;
}

function clientOf(connection: Omit<ConnectionOptions, 'userAgent'>): KubeClient {
  return createKubeClient({ ...connection, userAgent: USER_AGENT }, { clock: systemClock });
}

function refuse(message: string): number {
  process.stderr.write(`kilofed hub: ${message}\nSee kilofed hub --help.\n`);
  return 2;
}
