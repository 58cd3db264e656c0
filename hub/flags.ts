/**
 * The hub's command line and environment, as options that were checked.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_NAMESPACE } from '../core/api/names.js';
import type { LogLevel } from '../core/runtime/log.js';
import { parseListen } from '../kube/wire/httpServer.js';
import { VERSION } from '../core/api/version.js';

export interface HubFlags {
  readonly kubeconfigDir?: string;
  readonly namespace: string;
  readonly homeKubeconfig?: string;
  readonly redisUrl?: string;
  readonly listen: { readonly address: string; readonly port: number };
  readonly logLevel: LogLevel;
}

export type ParsedFlags = { readonly kind: 'run'; readonly flags: HubFlags } | { readonly kind: 'end'; readonly code: number };

export interface FlagsIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
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

/** A wrong flag is told and ends with 2; help ends with 0. */
export function parseFlags(argv: readonly string[], io: FlagsIo): ParsedFlags {
  const command = new Command('kilofed hub')
    .description('Joins the member clusters and mirrors their exported Services.')
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .showHelpAfterError('See kilofed hub --help.')
    .exitOverride()
    .allowExcessArguments(false)
    .version(VERSION)
    .addOption(new Option('--kubeconfig-dir <dir>', 'members declared by files in this directory'))
    .addOption(new Option('--namespace <name>', 'namespace of the Secrets that declare members').default(DEFAULT_NAMESPACE))
    .addOption(new Option('--home-kubeconfig <file>', 'cluster of those Secrets (default: the one the hub runs in, if any)'))
    .addOption(new Option('--redis-url <url>', 'keep the queues in Redis (default: $REDIS_URL, else in the process)'))
    .addOption(new Option('--listen <address>', 'where to serve HTTP').default(listenAddress(':8080'), ':8080').argParser(listenAddress))
    .addOption(new Option('--log-level <level>', 'how much to log').choices(['debug', 'info', 'warn', 'error']).default('info'))
    .addHelpText('after', HELP);
  try {
    command.parse([...argv], { from: 'user' });
    const flags = command.opts<HubFlags>();
    const redisUrl = flags.redisUrl ?? io.env['REDIS_URL'] ?? '';
    if (redisUrl === '') return { kind: 'run', flags };
    if (REDIS_URL.test(redisUrl)) return { kind: 'run', flags: { ...flags, redisUrl } };
    // Not repeated: it may hold a password.
    io.err('kilofed hub: the address of Redis is malformed: write redis://host:port/db, rediss:// for TLS, or the path of a socket\n');
    return { kind: 'end', code: 2 };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { kind: 'end', code: error.exitCode === 0 ? 0 : 2 };
  }
}

function listenAddress(text: string): HubFlags['listen'] {
  const listen = parseListen(text);
  if (listen === undefined) throw new InvalidArgumentError('write address:port, such as 127.0.0.1:8080, or :8080 for every address.');
  return listen;
}
