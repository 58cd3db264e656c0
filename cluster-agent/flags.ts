/**
 * The cluster-agent's command line, parsed and checked.
 */
import { type Command, Option } from 'commander';
import type { LogLevel } from '../core/runtime/log.js';
import {
  type FlagsIo,
  type ListenAddress,
  listenOption,
  logLevelOption,
  type ParsedFlags,
  parseProgram,
  programCommand,
} from '../kube/program/commandLine.js';

export interface ClusterAgentFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly listen: ListenAddress;
  readonly logLevel: LogLevel;
}

const HELP = `
It reads Nodes, MeshNodes, Peers, ServiceCIDRs and the Mesh "default", and writes the statuses of Mesh, MeshNodes and Peers.
From Services and EndpointSlices it writes NodePolicies: what other members may reach on each node.
It deletes MeshNodes whose Node is gone. Run one per cluster.

Examples:
  kilofed cluster-agent                                  # in a pod, with its service account
  kilofed cluster-agent --kubeconfig ~/.kube/config --context east --log-level debug

HTTP: /healthz /readyz (says what it waits for) /metrics

Exit codes: 0 ended as asked (SIGTERM, SIGINT), 1 could not start, 2 wrong flags`;

/** Its flags, for those who parse, help or complete them. */
export function clusterAgentCommand(): Command {
  return programCommand(
    'cluster-agent',
    'Assigns mesh addresses and gateway slots to the nodes of this cluster, and finds its pod, Service and node ranges.',
  )
    .addOption(new Option('--kubeconfig <file>', 'cluster to work for (default: the one the pod runs in)'))
    .addOption(new Option('--context <name>', 'context of the kubeconfig (default: its current-context)'))
    .addOption(listenOption('127.0.0.1:9108'))
    .addOption(logLevelOption())
    .addHelpText('after', HELP);
}

export function parseFlags(argv: readonly string[], io: FlagsIo): ParsedFlags<ClusterAgentFlags> {
  const parsed = parseProgram<ClusterAgentFlags>(clusterAgentCommand(), argv, io);
  if (parsed.kind === 'end' || parsed.flags.context === undefined || parsed.flags.kubeconfig !== undefined) return parsed;
  io.err('kilofed cluster-agent: --context names a context of a kubeconfig: give --kubeconfig, too\nSee kilofed cluster-agent --help.\n');
  return { kind: 'end', code: 2 };
}
