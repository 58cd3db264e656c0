import { expect, test } from '@jest/globals';
import type { ParsedFlags } from '../kube/program/commandLine.js';
import { type ClusterAgentFlags, parseFlags } from './flags.js';

function parse(...argv: readonly string[]): { readonly parsed: ParsedFlags<ClusterAgentFlags>; readonly said: string } {
  let said = '';
  const say = (text: string): void => void (said += text);
  return { parsed: parseFlags(argv, { out: say, err: say }), said };
}

test('nothing is needed in a pod', () => {
  expect(parse().parsed).toEqual({ kind: 'run', flags: { listen: { address: '127.0.0.1', port: 9108 }, logLevel: 'info' } });
});

test('everything can be said', () => {
  expect(parse('--kubeconfig', 'k', '--context', 'east', '--listen', '[::1]:1', '--log-level', 'debug').parsed).toEqual({
    kind: 'run',
    flags: { kubeconfig: 'k', context: 'east', listen: { address: '::1', port: 1 }, logLevel: 'debug' },
  });
});

test.each([
  [['--listen', '9108'], /Write address:port, such as 127\.0\.0\.1:9108/],
  [['--log-level', 'loud'], /Allowed choices are debug, info, warn, error/],
  [['--context', 'east'], /give --kubeconfig, too/],
  [['--namespace', 'x'], /unknown option '--namespace'/],
  [['run'], /too many arguments/],
])('%j is refused, with the way to the help', (argv, message) => {
  const { parsed, said } = parse(...argv);
  expect(parsed).toEqual({ kind: 'end', code: 2 });
  expect(said).toMatch(message);
  expect(said).toContain('See kilofed cluster-agent --help.');
});

test('help has examples and ends well', () => {
  const { parsed, said } = parse('--help');
  expect(parsed).toEqual({ kind: 'end', code: 0 });
  expect(said).toMatch(/Examples:\n {2}kilofed cluster-agent/);
});
