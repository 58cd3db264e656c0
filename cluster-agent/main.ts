/**
 * `kilofed cluster-agent`: reads the environment, puts the parts together, runs until it is told to stop.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { loadKubeconfig } from '../kube/config/kubeconfig.js';
import type { ConnectionOptions } from '../kube/wire/client.js';
import { createKubeClient } from '../kube/wire/http2Client.js';
import { parseListen, serveHttp } from '../kube/wire/httpServer.js';
import { fileConnection, inClusterFiles } from '../kube/wire/inCluster.js';
import { createJsonLog, isLogLevel } from '../kube/wire/jsonLog.js';
import { systemClock } from '../kube/wire/systemClock.js';
import { createTextMetrics } from '../kube/wire/textMetrics.js';
import { createClusterAgent } from './agent.js';
import { createClusterAgentMetrics } from './metrics.js';

interface Flags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly listen: string;
  readonly logLevel: string;
}

const EXAMPLES = `
Examples:
  kilofed cluster-agent                                  in a pod, with its service account
  kilofed cluster-agent --kubeconfig ~/.kube/config --context east

Exit codes: 0 stopped by a signal, 1 failed, 2 called wrongly.`;

/** Exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const command = new Command('kilofed cluster-agent')
    .description('Gives the nodes of this cluster their mesh addresses and gateway slots, and tells its ranges.')
    .option('--kubeconfig <file>', 'default: the service account of the pod')
    .option('--context <name>', 'context of the kubeconfig')
    .option('--listen <address:port>', '/healthz, /readyz, /metrics', '127.0.0.1:9108')
    .option('--log-level <level>', 'debug, info, warn, error', 'info')
    .addHelpText('after', EXAMPLES)
    .exitOverride();
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  const flags = command.opts<Flags>();
  const listen = parseListen(flags.listen);
  if (listen === undefined) return refuse(`--listen is "${flags.listen}": write address:port, such as 127.0.0.1:9108`);
  if (!isLogLevel(flags.logLevel)) return refuse(`--log-level is "${flags.logLevel}": write debug, info, warn or error`);
  const connection = connect(flags);
  if (typeof connection === 'string') return refuse(connection);

  const log = createJsonLog({ level: flags.logLevel, write: (line) => void process.stdout.write(line), wall: () => systemClock.wall() });
  const metrics = createTextMetrics();
  const client = createKubeClient({ ...connection, userAgent: 'kilofed-cluster-agent' }, { clock: systemClock });
  const agent = createClusterAgent({ client, clock: systemClock, random: Math.random, log, metrics: createClusterAgentMetrics(metrics) });
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  try {
    await serveHttp(listen, {
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

/** A text is what is wrong. */
function connect(flags: Flags): Omit<ConnectionOptions, 'userAgent'> | string {
  if (flags.kubeconfig === undefined) {
    const files = inClusterFiles(process.env);
    return files === undefined ? 'not in a pod: give --kubeconfig' : fileConnection(files);
  }
  try {
    const loaded = loadKubeconfig(readFileSync(flags.kubeconfig, 'utf8'), {
      ...(flags.context === undefined ? {} : { context: flags.context }),
      now: () => systemClock.now(),
    });
    return loaded.ok ? loaded.connection : `${flags.kubeconfig}: ${loaded.error}`;
  } catch (error) {
    return `cannot read ${flags.kubeconfig}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function refuse(message: string): number {
  process.stderr.write(`kilofed cluster-agent: ${message}\nSee kilofed cluster-agent --help.\n`);
  return 2;
}
