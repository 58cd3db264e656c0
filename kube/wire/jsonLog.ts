/**
 * One JSON object per line: `time`, `level`, `message`, then the data. Errors are flattened with their causes; whatever is
 * named like a secret is written as `[redacted]`, and what a terminal would obey or not show by its JSON escape.
 */
import { printableLines } from '../../core/text/printable.js';
import type { Log, LogData, LogLevel } from '../../core/runtime/log.js';

const ORDER: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
const SECRET = /token|secret|password|presharedkey|privatekey|authorization/i;

interface JsonLogOptions {
  readonly level: LogLevel;
  readonly write: (line: string) => void;
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
}

export function createJsonLog(options: JsonLogOptions, bound: LogData = {}): Log {
  const line = (level: LogLevel, message: string, data: LogData = {}): void => {
    if (ORDER.indexOf(level) < ORDER.indexOf(options.level)) return;
    const head = { time: new Date(options.wall()).toISOString(), level, message };
    // The head comes first, and data of the same names does not replace it.
    options.write(`${printableLines(stringify({ ...head, ...bound, ...data, ...head }))}\n`);
  };
  return {
    debug: (message, data) => line('debug', message, data),
    info: (message, data) => line('info', message, data),
    warn: (message, data) => line('warn', message, data),
    error: (message, data) => line('error', message, data),
    with: (data) => createJsonLog(options, { ...bound, ...data }),
  };
}

export function isLogLevel(text: string): text is LogLevel {
  return (ORDER as readonly string[]).includes(text);
}

/** A log must not throw: circular data is left out, and the line says so. */
function stringify(line: LogData): string {
  try {
    return JSON.stringify(line, replace);
  } catch (error) {
    const { time, level, message } = line;
    return JSON.stringify({ time, level, message, unwritable: error instanceof Error ? error.message.split('\n', 1)[0] : 'data' });
  }
}

function replace(key: string, value: unknown): unknown {
  if (SECRET.test(key)) return '[redacted]';
  if (value instanceof Error) {
    return { error: value.message, ...(value.cause === undefined ? {} : { cause: value.cause }), stack: value.stack };
  }
  return typeof value === 'bigint' ? String(value) : value;
}
