/**
 * The node-agent's command line.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { LogLevel } from '../core/runtime/log.js';
import { parseListen } from '../kube/wire/httpServer.js';
import { inClusterFiles, type ConnectionFiles } from '../kube/wire/inCluster.js';
import { isLogLevel } from '../kube/wire/jsonLog.js';
import { FLAGS } from './flags.js';
import type { WireguardMode } from './host/wireguard.js';

export interface Options {
  readonly nodeName: string;
  /** Absent: no API server is known, only saved inputs. */
  readonly connection?: ConnectionFiles;
  readonly keyFile: string;
  /** Where Kilo's agent keeps its key; empty: nowhere. */
  readonly kiloKeyFile: string;
  readonly stateDir: string;
  readonly listen: { readonly address: string; readonly port: number };
  readonly hostNamespace?: string;
  readonly cniDir: string;
  readonly wireguard: WireguardMode;
  readonly logLevel: LogLevel;
  readonly action: 'run' | 'cleanUp' | 'printPlan';
  /** Of cleanUp: what an agent that is installed again would go on with goes, too. */
  readonly purge: boolean;
  /** Of printPlan. */
  readonly output: PlanFormat;
}

type PlanFormat = (typeof FLAGS.output.choices)[number];

export type ParsedOptions =
  | { readonly kind: 'options'; readonly options: Options }
  | { readonly kind: 'help' }
  /** What is wrong and what to write instead. */
  | { readonly kind: 'error'; readonly message: string };

interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hostname: string;
  /** Of the user; absent: there are no users here. */
  readonly uid?: number | undefined;
}

export function parseOptions(argv: readonly string[], surroundings: Surroundings): ParsedOptions {
  const { uid } = surroundings;
  const parsed = parseFlags(argv, surroundings);
  return parsed.kind === 'options' && uid !== undefined && uid !== 0
    ? wrong(`it is run by user ${uid}, and reads and changes the network of the host: run it as root`)
    : parsed;
}

function parseFlags(argv: readonly string[], { env, hostname }: Surroundings): ParsedOptions {
  let values;
  let tokens;
  try {
    ({ values, tokens } = parseArgs({
      args: [...argv],
      strict: true,
      allowPositionals: false,
      tokens: true,
      options: FLAGS,
    }));
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return { kind: 'help' };
  const empty = emptyOf(values, env);
  if (empty !== undefined) return wrong(empty);
  const listen = parseListen(values.listen);
  if (listen === undefined) return wrong(`--listen is "${values.listen}": write address:port, such as 127.0.0.1:9107`);
  const choices = choicesOf(values);
  if (typeof choices === 'string') return wrong(choices);
  const conflict = conflictOf(
    values,
    tokens.some((token) => token.kind === 'option' && token.name === 'output'),
  );
  if (conflict !== undefined) return wrong(conflict);
  const connection = connectionOf(values, env);
  if (typeof connection === 'string') return wrong(connection);
  const stateDir = values['state-dir'];
  const hostNamespace = values['host-namespace'];
  return {
    kind: 'options',
    options: {
      nodeName: values['node-name'] ?? env['NODE_NAME'] ?? hostname,
      ...(connection === undefined ? {} : { connection }),
      ...keysOf(values),
      stateDir,
      listen,
      ...(hostNamespace === undefined ? {} : { hostNamespace }),
      cniDir: values['cni-dir'],
      ...choices,
      purge: values.purge,
      action: values['clean-up'] ? 'cleanUp' : values['print-plan'] ? 'printPlan' : 'run',
    },
  };
}

const NEVER_EMPTY = ['node-name', 'state-dir', 'key-file', 'cni-dir', 'host-namespace'] as const;

/** What must not be empty and is, as a script leaves it whose variable was not set. */
function emptyOf(
  flags: Readonly<Partial<Record<(typeof NEVER_EMPTY)[number], string | undefined>>>,
  env: Surroundings['env'],
): string | undefined {
  const empty = NEVER_EMPTY.find((name) => flags[name] === '');
  if (empty !== undefined) return `--${empty} is empty: give it a value, or leave it out`;
  return flags['node-name'] === undefined && env['NODE_NAME'] === ''
    ? 'NODE_NAME is empty: set it to the name of the Node object, or give --node-name'
    : undefined;
}

interface ActionFlags {
  readonly 'print-plan': boolean;
  readonly 'clean-up': boolean;
  readonly purge: boolean;
}

/** What is wrong, if flags are given together that exclude each other, or one without the other that it belongs to. */
function conflictOf(flags: ActionFlags, formatGiven: boolean): string | undefined {
  if (flags['print-plan'] && flags['clean-up']) return '--print-plan and --clean-up exclude each other: give one';
  if (flags.purge && !flags['clean-up']) return '--purge says how much --clean-up removes: give both, or none';
  return formatGiven && !flags['print-plan'] ? '--output is the format of --print-plan: give both, or none' : undefined;
}

interface ConnectionFlags {
  readonly server?: string | undefined;
  readonly 'token-file'?: string | undefined;
  readonly 'ca-file'?: string | undefined;
}

/** A text is what is wrong. */
function connectionOf(flags: ConnectionFlags, env: Surroundings['env']): ConnectionFiles | undefined | string {
  const { server, 'token-file': tokenFile, 'ca-file': caFile } = flags;
  if (server === undefined && tokenFile === undefined && caFile === undefined) return inClusterFiles(env);
  if (server === undefined || tokenFile === undefined || caFile === undefined)
    return '--server, --token-file and --ca-file go together: give all three, or none inside a cluster';
  return URL.canParse(server) && server.startsWith('https://')
    ? { server, tokenFile, caFile }
    : `--server is "${server}": write https://host:port`;
}

interface ChoiceFlags {
  readonly 'log-level': string;
  readonly wireguard: string;
  readonly output: string;
}

/** A text is what is wrong. */
function choicesOf({ 'log-level': logLevel, wireguard, output }: ChoiceFlags): Pick<Options, 'logLevel' | 'wireguard' | 'output'> | string {
  if (!isLogLevel(logLevel)) return `--log-level is "${logLevel}": write debug, info, warn or error`;
  if (!isWireguardMode(wireguard)) return `--wireguard is "${wireguard}": write auto, kernel or userspace`;
  if (!isPlanFormat(output)) return `--output is "${output}": write changes, plan or json`;
  return { logLevel, wireguard, output };
}

function isPlanFormat(text: string): text is PlanFormat {
  return FLAGS.output.choices.some((choice) => choice === text);
}

function isWireguardMode(text: string): text is WireguardMode {
  return FLAGS.wireguard.choices.some((choice) => choice === text);
}

interface KeyFlags {
  readonly 'key-file'?: string | undefined;
  readonly 'kilo-key-file'?: string | undefined;
  readonly 'state-dir': string;
  readonly 'host-namespace'?: string | undefined;
}

function keysOf(flags: KeyFlags): Pick<Options, 'keyFile' | 'kiloKeyFile'> {
  const host = flags['host-namespace'];
  return {
    keyFile: flags['key-file'] ?? join(flags['state-dir'], 'key'),
    kiloKeyFile: flags['kilo-key-file'] ?? join(host === undefined ? '/' : join(host, 'root'), KILO_KEY),
  };
}

/** Kilo pkg/mesh/mesh.go. */
const KILO_KEY = 'var/lib/kilo/key';

function wrong(message: string): ParsedOptions {
  return { kind: 'error', message };
}
