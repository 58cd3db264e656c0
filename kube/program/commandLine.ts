/**
 * What the command lines of hub and cluster-agent have in common: a wrong flag is told, with the way to the help, and ends with
 * 2; help ends with 0; nothing ends the process by itself.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { VERSION } from '../../core/api/version.js';
import { parseListen } from '../wire/httpServer.js';

export interface FlagsIo {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** `end`: all is said, and `code` is the exit code. */
export type ParsedFlags<T> = { readonly kind: 'run'; readonly flags: T } | { readonly kind: 'end'; readonly code: number };

export interface ListenAddress {
  /** Empty: every address. */
  readonly address: string;
  readonly port: number;
}

/** `kilofed <name>`, without flags of its own yet. */
export function programCommand(name: string, about: string): Command {
  return new Command(`kilofed ${name}`)
    .description(about)
    .showHelpAfterError(`See kilofed ${name} --help.`)
    .exitOverride()
    .allowExcessArguments(false)
    .version(VERSION);
}

export function parseProgram<T extends object>(command: Command, argv: readonly string[], io: FlagsIo): ParsedFlags<T> {
  try {
    command.configureOutput({ writeOut: io.out, writeErr: io.err }).parse([...argv], { from: 'user' });
    return { kind: 'run', flags: command.opts<T>() };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { kind: 'end', code: error.exitCode === 0 ? 0 : 2 };
  }
}

/** `usual` is listened on unless told otherwise, such as `127.0.0.1:9108`. */
export function listenOption(usual: string): Option {
  const port = usual.slice(usual.lastIndexOf(':') + 1);
  const parse = (text: string): ListenAddress => {
    const listen = parseListen(text);
    if (listen === undefined) throw new InvalidArgumentError(`write address:port, such as 127.0.0.1:${port}, or :${port} for every address.`);
    return listen;
  };
  return new Option('--listen <address>', 'where to serve HTTP').default(parse(usual), usual).argParser(parse);
}

export function logLevelOption(): Option {
  return new Option('--log-level <level>', 'how much to log').choices(['debug', 'info', 'warn', 'error']).default('info');
}
