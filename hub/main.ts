/**
 * `kilofed hub`: reads flags and environment, puts the parts together, and runs until it is told to stop.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { HUB_SERVICE } from '../core/api/names.js';
import { VERSION } from '../core/api/version.js';
import type { Log } from '../core/runtime/log.js';
import type { Result } from '../core/runtime/result.js';
import type { KubeClient } from '../kube/wire/client.js';
import { serveHttp, startFailure } from '../kube/wire/httpServer.js';
import { fileConnection, inClusterFiles } from '../kube/wire/inCluster.js';
import { createJsonLog } from '../kube/wire/jsonLog.js';
import { createEventRecorder, type EventRecorder } from '../kube/wire/eventRecorder.js';
import { systemClock } from '../kube/wire/systemClock.js';
import { hubRoutes } from './api/routes.js';
import { chooseQueue } from './chooseQueue.js';
import { connectMember, createHubClient } from './connectMember.js';
import { type HubFlags, parseFlags } from './flags.js';
import { createHub } from './hub.js';
import type { Source } from './members/declaration.js';
import { directorySource } from './members/directory.js';
import { secretSource, secretWriter } from './members/secrets.js';
import { unlabelledSecrets } from './members/unlabelledSecrets.js';
import { namespaceRules } from './namespaceFlags.js';

const NO_RIGHTS = { programs: false, insecureTls: false };

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
  if (!home.ok) return refuse(home.error);
  if (home.value === undefined && flags.kubeconfigDir === undefined) {
    return refuse('there is nowhere to read members from: give --kubeconfig-dir or --home-kubeconfig, or run the hub in a cluster');
  }

  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  try {
    const hub = createHub({
      clock: systemClock,
      random: Math.random,
      log,
      identity: { federation: flags.federation, instance: flags.instance ?? `${hostname()}-${process.pid}` },
      sources: sourcesOf(flags, home.value, log),
      connect: (kubeconfig, place) => connectMember(kubeconfig, place, { ofSecrets: rightsOf(flags), environment: process.env }),
      events: home.value === undefined ? undefined : { recorder: recorderAt(home.value, log), namespace: flags.namespace },
      replaceKubeconfig: home.value === undefined ? undefined : secretWriter(home.value),
      home: home.value === undefined ? undefined : { client: home.value, namespace: flags.namespace },
      ...chooseQueue(flags.redisUrl, { federation: flags.federation, clock: systemClock, random: Math.random, log }),
      version: VERSION,
      sha256: (text) => createHash('sha256').update(text).digest(),
      rules: namespaceRules(flags, flags.namespace),
      exportToDefault: flags.exportToDefault,
    });
    const routes = hubRoutes({ ...hub, metrics: hub.metrics.expose, now: () => systemClock.now() });
    const port = await serveHttp({ ...flags.listen, names: serviceNames(flags.namespace) }, routes.status, stop.signal);
    const metricsPort = await serveHttp(flags.listenMetrics, routes.metrics, stop.signal);
    log.info('The hub starts', {
      version: VERSION,
      federation: flags.federation,
      port,
      metricsPort,
      queue: flags.redisUrl === undefined ? 'memory' : 'redis',
    });
    await hub.run(stop.signal);
    log.info('The hub ends');
    return 0;
  } catch (error) {
    log.error('The hub cannot run', startFailure(error, '--listen or --listen-metrics'));
    return 1;
  } finally {
    stop.abort();
    home.value?.close();
  }
}

function recorderAt(client: KubeClient, log: Log): EventRecorder {
  return createEventRecorder({ client, clock: systemClock, log, controller: 'kilofed.io/hub', instance: hostname() });
}

function sourcesOf(flags: HubFlags, home: KubeClient | undefined, log: Log): Source[] {
  const deps = { clock: systemClock, random: Math.random, log };
  return [
    ...(home === undefined ? [] : [secretSource, unlabelledSecrets].map((source) => source(flags.namespace, { ...deps, client: home }))),
    ...(flags.kubeconfigDir === undefined ? [] : [directorySource(flags.kubeconfigDir, deps)]),
  ];
}

/** Undefined: there is no home cluster. */
function connectHome({ homeKubeconfig }: HubFlags): Result<KubeClient | undefined> {
  if (homeKubeconfig === undefined) {
    const files = inClusterFiles(process.env);
    return { ok: true, value: files === undefined ? undefined : createHubClient(fileConnection(files)) };
  }
  try {
    const place = { kind: 'file', path: homeKubeconfig } as const;
    const connected = connectMember(readFileSync(homeKubeconfig, 'utf8'), place, { ofSecrets: NO_RIGHTS, environment: process.env });
    return connected.ok ? { ok: true, value: connected.value.client } : { ok: false, error: `${homeKubeconfig}: ${connected.error}` };
  } catch (error) {
    return { ok: false, error: `cannot read ${homeKubeconfig}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function rightsOf({ allowKubeconfigExec, allowInsecureTls }: HubFlags): typeof NO_RIGHTS {
  return { programs: allowKubeconfigExec === true, insecureTls: allowInsecureTls === true };
}

/** What the CLI asks for through a port-forward. */
function serviceNames(namespace: string): string[] {
  const name = `${HUB_SERVICE}.${namespace}.svc`;
  return [HUB_SERVICE, `${HUB_SERVICE}.${namespace}`, name, `${name}.cluster.local`];
}

function refuse(message: string): number {
  process.stderr.write(`kilofed hub: ${message}\nSee kilofed hub --help.\n`);
  return 2;
}
