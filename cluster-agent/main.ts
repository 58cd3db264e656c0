/**
 * `kilofed cluster-agent`: reads the environment, puts the parts together, runs until it is told to stop.
 */
import { lookup as dnsLookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { loadKubeconfig } from '../kube/config/kubeconfig.js';
import type { ConnectionOptions } from '../kube/wire/client.js';
import { createKubeClient } from '../kube/wire/http2Client.js';
import { serveHttp } from '../kube/wire/httpServer.js';
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
  if (typeof connection === 'string') return refuse(connection);

  const log = createJsonLog({ level: flags.logLevel, write: (line) => void process.stdout.write(line), wall: () => systemClock.wall() });
  const metrics = createTextMetrics();
  const client = createKubeClient({ ...connection, userAgent: 'kilofed-cluster-agent' }, { clock: systemClock });
  const agent = createClusterAgent({ client, clock: systemClock, random: Math.random, log, metrics: createClusterAgentMetrics(metrics), lookup });
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  try {
    await serveHttp(flags.listen, {
      // It answers, so it runs. What it cannot do now, a new process could not do either.
      '/healthz': () => ({ status: 200, body: 'ok\n' }),
      '/readyz': () => {
        const reason = agent.notReady();
        return reason === undefined ? { status: 200, body: 'ok\n' } : { status: 503, body: `not ready: ${reason}\n` };
      },
      '/metrics': () => ({ status: 200, contentType: 'text/plain; version=0.0.4', body: metrics.render() }),
    }, stop.signal);
    log.info('The cluster-agent starts', { server: client.server });
    await agent.run(stop.signal);
    return 0;
  } catch (error) {
    log.error('The cluster-agent ends', { error });
    return 1;
  } finally {
    stop.abort();
    client.close();
  }
}

async function lookup(name: string): Promise<readonly string[]> {
  return (await dnsLookup(name, { all: true })).map(({ address }) => address);
}

/** A text is what is wrong. */
function connect({ kubeconfig, context }: ClusterAgentFlags): Omit<ConnectionOptions, 'userAgent'> | string {
  try {
    if (kubeconfig === undefined) {
      const files = inClusterFiles(process.env);
      return files === undefined ? 'this is not a pod of a cluster: give --kubeconfig' : fileConnection(files);
    }
    const loaded = loadKubeconfig(readFileSync(kubeconfig, 'utf8'), {
      ...(context === undefined ? {} : { context }),
      now: () => systemClock.now(),
      directory: dirname(kubeconfig),
    });
    return loaded.ok ? loaded.connection : `${kubeconfig}: ${loaded.error}`;
  } catch (error) {
    return `cannot connect: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function refuse(message: string): number {
  process.stderr.write(`kilofed cluster-agent: ${message}\nSee kilofed cluster-agent --help.\n`);
  return 2;
}
