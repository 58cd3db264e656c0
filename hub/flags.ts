/**
 * The hub's command line and environment, as options that were checked.
 */
import { type Command, Option } from 'commander';
import { DEFAULT_NAMESPACE } from '../core/api/names.js';
import type { LogLevel } from '../core/runtime/log.js';
import { type FlagsIo, type ListenAddress, listenOption, logLevelOption, type ParsedFlags, parseProgram, programCommand } from '../kube/program/commandLine.js';

export interface HubFlags {
  readonly kubeconfigDir?: string;
  readonly namespace: string;
  readonly homeKubeconfig?: string;
  readonly redisUrl?: string;
  readonly listen: ListenAddress;
  readonly logLevel: LogLevel;
}

export interface HubIo extends FlagsIo {
  readonly env: Readonly<Record<string, string | undefined>>;
}

const REDIS_URL = /^rediss?:\/\/.|^\//;

const HELP = `
Where the members' kubeconfigs come from, one or both:
  Secrets in the hub's namespace of its home cluster, labelled kilofed.io/cluster=<id>, key "kubeconfig"
  files <id>.yaml, <id>.yml, <id>.kubeconfig or <id> in --kubeconfig-dir
Both are followed: members are added, changed and removed without a restart.

Examples:
  kilofed hub                                             # in a cluster: Secrets of namespace kilofed
  kilofed hub --kubeconfig-dir ./members --listen :8080   # on a laptop: files
  kilofed hub --home-kubeconfig ~/.kube/config            # Secrets of a cluster, from outside of it
  REDIS_URL=redis://redis:6379 kilofed hub                # the queue in Redis

HTTP: /healthz /readyz /metrics /api/v1/status /api/v1/members

Exit codes: 0 ended as asked (SIGTERM, SIGINT), 1 could not start, 2 wrong flags`;

/** Its flags, for those who parse, help or complete them. */
export function hubCommand(): Command {
  return programCommand('hub', 'Joins the member clusters and mirrors their exported Services.')
    .addOption(new Option('--kubeconfig-dir <dir>', 'members declared by files in this directory'))
    .addOption(new Option('--namespace <name>', 'namespace of the Secrets that declare members').default(DEFAULT_NAMESPACE))
    .addOption(new Option('--home-kubeconfig <file>', 'cluster of those Secrets (default: the one the hub runs in, if any)'))
    .addOption(new Option('--redis-url <url>', 'keep the queues in Redis (default: $REDIS_URL, else in the process)'))
    .addOption(listenOption(':8080'))
    .addOption(logLevelOption())
    .addHelpText('after', HELP);
}

export function parseFlags(argv: readonly string[], io: HubIo): ParsedFlags<HubFlags> {
  const parsed = parseProgram<HubFlags>(hubCommand(), argv, io);
  if (parsed.kind === 'end') return parsed;
  const { flags } = parsed;
  const redisUrl = flags.redisUrl ?? io.env['REDIS_URL'] ?? '';
  if (redisUrl === '') return parsed;
  if (REDIS_URL.test(redisUrl)) return { kind: 'run', flags: { ...flags, redisUrl } };
  // Not repeated: it may hold a password.
  io.err('kilofed hub: the address of Redis is malformed: write redis://host:port/db, rediss:// for TLS, or the path of a socket\n');
  return { kind: 'end', code: 2 };
}
