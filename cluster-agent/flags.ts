/**
 * The cluster-agent's command line, as options that were checked.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { LogLevel } from '../core/runtime/log.js';
import { parseListen } from '../kube/wire/httpServer.js';

export interface ClusterAgentFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly listen: { readonly address: string; readonly port: number };
  readonly logLevel: LogLevel;
}

export type ParsedFlags = { readonly kind: 'run'; readonly flags: ClusterAgentFlags } | { readonly kind: 'end'; readonly code: number };

export interface FlagsIo {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

const DEFAULT_LISTEN = '127.0.0.1:9108';

const HELP = `
It reads Nodes, MeshNodes, Peers, ServiceCIDRs and the Mesh "default", and writes the statuses of Mesh, MeshNodes and Peers. Run one per cluster.

Examples:
  kilofed cluster-agent                                  # in a pod, with its service account
  kilofed cluster-agent --kubeconfig ~/.kube/config --context east --log-level debug

HTTP: /healthz /readyz (says what is being waited for) /metrics

Exit codes: 0 ended as asked (SIGTERM, SIGINT), 1 could not start, 2 wrong flags`;

/** A wrong flag is told and ends with 2; help ends with 0. */
export function parseFlags(argv: readonly string[], io: FlagsIo): ParsedFlags {
  const command = new Command('kilofed cluster-agent')
    .description("Gives the nodes of this cluster their mesh addresses and gateway slots, and tells the cluster's ranges.")
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .showHelpAfterError('See kilofed cluster-agent --help.')
    .exitOverride()
    .allowExcessArguments(false)
    .addOption(new Option('--kubeconfig <file>', 'cluster to work for (default: the one the pod runs in)'))
    .addOption(new Option('--context <name>', "context of the kubeconfig (default: its current-context)"))
    .addOption(new Option('--listen <address>', 'where to serve HTTP').default(listenAddress(DEFAULT_LISTEN), DEFAULT_LISTEN).argParser(listenAddress))
    .addOption(new Option('--log-level <level>', 'how much to log').choices(['debug', 'info', 'warn', 'error']).default('info'))
    .addHelpText('after', HELP);
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { kind: 'end', code: error.exitCode === 0 ? 0 : 2 };
  }
  const flags = command.opts<ClusterAgentFlags>();
  if (flags.context === undefined || flags.kubeconfig !== undefined) return { kind: 'run', flags };
  io.err('kilofed cluster-agent: --context names a context of a kubeconfig: give --kubeconfig, too\nSee kilofed cluster-agent --help.\n');
  return { kind: 'end', code: 2 };
}

function listenAddress(text: string): ClusterAgentFlags['listen'] {
  const listen = parseListen(text);
  if (listen === undefined) throw new InvalidArgumentError(`write address:port, such as ${DEFAULT_LISTEN}, or :9108 for every address.`);
  return listen;
}
