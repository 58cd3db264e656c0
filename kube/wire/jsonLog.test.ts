import { describe, expect, test } from '@jest/globals';
import type { LogData } from '../../core/runtime/log.js';
import { createJsonLog, isLogLevel } from './jsonLog.js';

function logged(data: LogData, bound: LogData = {}): Record<string, unknown> {
  const lines: string[] = [];
  createJsonLog({ level: 'debug', write: (line) => lines.push(line), wall: () => 0 })
    .with(bound)
    .info('a thing happened', data);
  expect(lines).toHaveLength(1);
  expect(lines[0]?.endsWith('\n')).toBe(true);
  return JSON.parse(lines[0] ?? '') as Record<string, unknown>;
}

const HEAD = { time: '1970-01-01T00:00:00.000Z', level: 'info', message: 'a thing happened' };

describe('a line of the log', () => {
  test.each<[string, LogData, LogData]>([
    ['no data', {}, {}],
    ['data', { node: 'n1', count: 3 }, { node: 'n1', count: 3 }],
    ['a big number', { bytes: 10n }, { bytes: '10' }],
    [
      'secrets, at any depth',
      { token: 'x', user: { password: 'y', presharedKey: 'z', publicKey: 'p', privateKey: 'q' } },
      { token: '[redacted]', user: { password: '[redacted]', presharedKey: '[redacted]', publicKey: 'p', privateKey: '[redacted]' } },
    ],
    ['names of the line itself', { message: 'other', level: 'x', time: 0 }, {}],
  ])('with %s', (_title, data, expected) => {
    expect(logged(data)).toEqual({ ...HEAD, ...expected });
  });

  test('has an error with its causes', () => {
    const { failure } = logged({ failure: new Error('outer', { cause: new Error('inner') }) }) as { failure: Record<string, unknown> };
    expect(failure).toMatchObject({ error: 'outer', cause: { error: 'inner' } });
  });

  test('has what the log was bound to, which the call may refine', () => {
    expect(logged({ b: 2 }, { a: 1, b: 1 })).toEqual({ ...HEAD, a: 1, b: 2 });
  });

  test('M8: is one line that no terminal obeys, and reads back as what it was', () => {
    const text = 'yes\x1b[2K\x9b1A\u202e\u2028\n';
    const lines: string[] = [];
    createJsonLog({ level: 'debug', write: (line) => lines.push(line), wall: () => 0 }).info('a thing happened', { text });
    expect(lines.join('').slice(0, -1)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
    expect(logged({ text })).toEqual({ ...HEAD, text });
  });

  test('is written though its data refers to itself', () => {
    const ring: Record<string, unknown> = {};
    ring['self'] = ring;
    expect(logged({ ring })).toMatchObject({ ...HEAD, unwritable: expect.stringContaining('circular') });
  });
});

test('levels below the one that is set are not written', () => {
  const lines: string[] = [];
  const log = createJsonLog({ level: 'warn', write: (line) => lines.push(line), wall: () => 0 });
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual(['c', 'd']);
  expect([isLogLevel('warn'), isLogLevel('loud')]).toEqual([true, false]);
});
