/**
 * What every part of Kilofed logs through.
 *
 * Messages are static text, so that equal events group; everything that varies is in `data`. Keys and preshared keys
 * never appear in either.
 */

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type LogData = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, data?: LogData): void;
  info(message: string, data?: LogData): void;
  warn(message: string, data?: LogData): void;
  error(message: string, data?: LogData): void;
  /** A log whose every line also carries `data`. */
  with(data: LogData): Log;
}
