/**
 * The hub's command line and environment, validated.
 */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { isFederationName } from './members/federationName.js';
import { DEFAULT_FEDERATION, DEFAULT_NAMESPACE } from '../core/api/names.js';
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
import { type NamespaceFlags, namespaceOptions } from './namespaceFlags.js';

export interface HubFlags extends NamespaceFlags {
  readonly federation: string;
  /** Absent: made of the machine and the process. */
  readonly instance?: string;
  readonly kubeconfigDir?: string;
  readonly namespace: string;
  readonly homeKubeconfig?: string;
  readonly redisUrl?: string;
  /** Whether kubeconfigs in Secrets may name programs to run, and leave API servers unverified. */
  readonly allowKubeconfigExec?: boolean;
  readonly allowInsecureTls?: boolean;
  readonly listen: ListenAddress;
  readonly listenMetrics: ListenAddress;
  readonly logLevel: LogLevel;
}

interface HubIo extends FlagsIo {
  readonly env: Readonly<Record<string, string | undefined>>;
}

const INSTANCE = /^[A-Za-z0-9]([-_.A-Za-z0-9]{0,251}[A-Za-z0-9])?$/;
const REDIS_URL = /^rediss?:\/\/.|^\//;

const HELP = `
Where the members' kubeconfigs come from, one or both:
  Secrets in the hub's namespace of its home cluster, labelled kilofed.io/cluster=<id>, key "kubeconfig"
  files <id>.yaml, <id>.yml, <id>.kubeconfig or <id> in --kubeconfig-dir
A kubeconfig in a Secret holds data only: no files, no programs, no unverified API server. One of a file may.
Both are followed: members are added, changed and removed without a restart.

Examples:
  kilofed hub                                             # in a cluster: Secrets of namespace kilofed
  kilofed hub --kubeconfig-dir ./members                  # on a laptop: files
  kilofed hub --home-kubeconfig ~/.kube/config            # Secrets of a cluster, from outside of it
  REDIS_URL=redis://redis:6379 kilofed hub                # the queue in Redis

HTTP: /api/v1/status and /api/v1/members at --listen, /healthz, /readyz and /metrics at --listen-metrics.
The status tells everything of all members, to whoever asks: leave it on loopback, where kilofed status reaches it by a port-forward.

Exit codes: 0 ended as asked (SIGTERM, SIGINT), 1 could not start, 2 wrong flags`;

/** The flags, for parsing, help and completion. */
export function hubCommand(): Command {
  const command = programCommand('hub', 'Joins the member clusters and mirrors their exported Services.')
    .addOption(
      new Option('--federation <name>', 'federation whose hub this is; a member belongs to one')
        .default(DEFAULT_FEDERATION)
        .argParser(parseFederation),
    )
    .addOption(
      new Option(
        '--instance <name>',
        'this hub among those of its federation, the same after a restart (default: $POD_NAME, else host and process)',
      ).argParser(parseInstance),
    )
    .addOption(new Option('--kubeconfig-dir <dir>', 'members declared by files in this directory'))
    .addOption(new Option('--namespace <name>', 'namespace of the Secrets that declare members').default(DEFAULT_NAMESPACE))
    .addOption(new Option('--home-kubeconfig <file>', 'cluster of those Secrets (default: the one the hub runs in, if any)'))
    .addOption(new Option('--redis-url <url>', 'keep the queues in Redis (default: $REDIS_URL, else in the process)'))
    .addOption(new Option('--allow-kubeconfig-exec', 'let kubeconfigs in Secrets run programs here (exec, auth-provider)'))
    .addOption(new Option('--allow-insecure-tls', 'let kubeconfigs in Secrets say insecure-skip-tls-verify'))
    .addOption(listenOption('127.0.0.1:8080', '--listen', 'address to serve the status on'))
    .addOption(listenOption(':8081', '--listen-metrics', 'address to serve health and metrics on'))
    .addOption(logLevelOption());
  for (const option of namespaceOptions()) command.addOption(option);
  return command.addHelpText('after', HELP);
}

export function parseFlags(argv: readonly string[], io: HubIo): ParsedFlags<HubFlags> {
  const parsed = parseProgram<HubFlags>(hubCommand(), argv, io);
  if (parsed.kind === 'end') return parsed;
  const pod = io.env['POD_NAME'] ?? '';
  const flags: HubFlags = { ...(INSTANCE.test(pod) && { instance: pod }), ...parsed.flags };
  const redisUrl = flags.redisUrl ?? io.env['REDIS_URL'] ?? '';
  if (redisUrl === '') return { kind: 'run', flags };
  if (REDIS_URL.test(redisUrl)) return { kind: 'run', flags: { ...flags, redisUrl } };
  // Not repeated: it may hold a password.
  io.err('kilofed hub: the address of Redis is malformed: write redis://host:port/db, rediss:// for TLS, or the path of a socket\n');
  return { kind: 'end', code: 2 };
}

function parseFederation(text: string): string {
  if (!isFederationName(text))
    throw new InvalidArgumentError('Write 1 to 63 of a-z, 0-9 and "-", beginning and ending with a letter or digit.');
  return text;
}

function parseInstance(text: string): string {
  if (!INSTANCE.test(text)) throw new InvalidArgumentError('Write up to 253 letters, digits, "-", "_" and ".".');
  return text;
}
