/**
 * What the command lines of hub and cluster-agent have in common. A wrong flag is reported and gives exit code 2, help gives 0; nothing
 * here ends the process.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { VERSION } from '../../core/api/version.js';
import { parseListen } from '../wire/httpServer.js';

export interface FlagsIo {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** `end`: everything is printed, and `code` is the exit code. */
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
    .helpOption('-h, --help', 'Show help')
    .version(VERSION, '-V, --version', 'Show the version');
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

/** `usual`: the default, such as `127.0.0.1:9108`. */
export function listenOption(usual: string, flag = '--listen', about = 'address to serve HTTP on'): Option {
  const port = usual.slice(usual.lastIndexOf(':') + 1);
  const parse = (text: string): ListenAddress => {
    const listen = parseListen(text);
    if (listen === undefined)
      throw new InvalidArgumentError(`Write address:port, such as 127.0.0.1:${port}, or :${port} for every address.`);
    return listen;
  };
  return new Option(`${flag} <address>`, about).default(parse(usual), usual).argParser(parse);
}

export function logLevelOption(): Option {
  return new Option('--log-level <level>', 'log level').choices(['debug', 'info', 'warn', 'error']).default('info');
}
