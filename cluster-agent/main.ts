/**
 * `kilofed cluster-agent`: reads the environment, puts the parts together, runs until it is told to stop.
 */
import { lookup as dnsLookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import type { Result } from '../core/runtime/result.js';
import { programEnvironment } from '../kube/config/execCredentials.js';
import { OF_THIS_MACHINE } from '../kube/config/fields.js';
import { loadKubeconfig } from '../kube/config/kubeconfig.js';
import type { ConnectionOptions } from '../kube/wire/client.js';
import { createEventRecorder } from '../kube/wire/eventRecorder.js';
import { createKubeClient } from '../kube/wire/http2Client.js';
import { startFailure } from '../kube/wire/httpServer.js';
import { createSideServer } from '../kube/wire/sideServer.js';
import { fileConnection, inClusterFiles } from '../kube/wire/inCluster.js';
import { createJsonLog } from '../kube/wire/jsonLog.js';
import { systemClock } from '../kube/wire/systemClock.js';
import { createTextMetrics } from '../kube/wire/textMetrics.js';
import { createClusterAgent } from './agent.js';
import { type ClusterAgentFlags, parseFlags } from './flags.js';
import { createClusterAgentMetrics } from './metrics.js';

/** Exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const parsed = parseFlags(argv, {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  });
  if (parsed.kind === 'end') return parsed.code;
  const { flags } = parsed;
  const connection = connect(flags);
  if (!connection.ok) return refuse(connection.error);

  const log = createJsonLog({ level: flags.logLevel, write: (line) => void process.stdout.write(line), wall: () => systemClock.wall() });
  const metrics = createTextMetrics();
  const client = createKubeClient({ ...connection.value, userAgent: 'kilofed-cluster-agent' }, { clock: systemClock });
  const agent = createClusterAgent({
    client,
    clock: systemClock,
    random: Math.random,
    log,
    metrics: createClusterAgentMetrics(metrics),
    events: createEventRecorder({ client, clock: systemClock, log, controller: 'kilofed.io/cluster-agent', instance: hostname() }),
    lookup,
  });
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  try {
    await createSideServer({ clock: systemClock, log }).serve(
      flags.listen,
      {
        // Whatever it cannot do now, a new process could not do either.
        '/healthz': () => ({ status: 200, body: 'ok\n' }),
        '/readyz': () => {
          const reason = agent.notReady();
          return reason === undefined ? { status: 200, body: 'ok\n' } : { status: 503, body: `not ready: ${reason}\n` };
        },
        '/metrics': () => ({ status: 200, contentType: 'text/plain; version=0.0.4', body: metrics.render() }),
      },
      stop.signal,
    );
    log.info('The cluster-agent starts', { server: client.server });
    await agent.run(stop.signal);
    return 0;
  } catch (error) {
    log.error('The cluster-agent ends', startFailure(error));
    return 1;
  } finally {
    stop.abort();
    client.close();
  }
}

async function lookup(name: string): Promise<readonly string[]> {
  return (await dnsLookup(name, { all: true })).map(({ address }) => address);
}

function connect({ kubeconfig, context }: ClusterAgentFlags): Result<Omit<ConnectionOptions, 'userAgent'>> {
  try {
    if (kubeconfig === undefined) {
      const files = inClusterFiles(process.env);
      return files === undefined
        ? { ok: false, error: 'this is not a pod of a cluster: give --kubeconfig' }
        : { ok: true, value: fileConnection(files) };
    }
    const loaded = loadKubeconfig(readFileSync(kubeconfig, 'utf8'), {
      ...(context === undefined ? {} : { context }),
      now: () => systemClock.now(),
      directory: dirname(kubeconfig),
      rights: OF_THIS_MACHINE,
      environment: programEnvironment(process.env),
    });
    return loaded.ok ? loaded : { ok: false, error: `${kubeconfig}: ${loaded.error}` };
  } catch (error) {
    const place = kubeconfig === undefined ? "the pod's service account" : kubeconfig;
    return { ok: false, error: `cannot read ${place}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function refuse(message: string): number {
  process.stderr.write(`kilofed cluster-agent: ${message}\nSee kilofed cluster-agent --help.\n`);
  return 2;
}
