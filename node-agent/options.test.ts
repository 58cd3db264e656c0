import { describe, expect, test } from '@jest/globals';
import { FLAGS } from './flags.js';
import { HELP } from './help.js';
import { parseOptions, type ParsedOptions } from './options.js';

const parse = (argv: readonly string[], env: Readonly<Record<string, string>> = {}): ParsedOptions =>
  parseOptions(argv, { env, hostname: 'box' });

test('defaults, outside a cluster', () => {
  expect(parse([])).toEqual({
    kind: 'options',
    options: {
      nodeName: 'box',
      output: 'changes',
      keyFile: '/var/lib/kilofed/key',
      kiloKeyFile: '/var/lib/kilo/key',
      stateDir: '/var/lib/kilofed',
      listen: { address: '127.0.0.1', port: 9107 },
      cniDir: '/etc/cni/net.d',
      wireguard: 'auto',
      logLevel: 'info',
      action: 'run',
      purge: false,
    },
  });
});

test('the name of the node: flag, then environment, then host', () => {
  expect(parse(['--node-name', 'a'], { NODE_NAME: 'b' })).toMatchObject({ options: { nodeName: 'a' } });
  expect(parse([], { NODE_NAME: 'b' })).toMatchObject({ options: { nodeName: 'b' } });
});

test('the key lies in the state folder unless told', () => {
  expect(parse(['--state-dir', '/s'])).toMatchObject({ options: { keyFile: '/s/key' } });
  expect(parse(['--state-dir', '/s', '--key-file', '/var/lib/kilo/key'])).toMatchObject({ options: { keyFile: '/var/lib/kilo/key' } });
});

test("Kilo's key is looked for on the host", () => {
  expect(parse(['--host-namespace', '/proc/1'])).toMatchObject({ options: { kiloKeyFile: '/proc/1/root/var/lib/kilo/key' } });
  expect(parse(['--kilo-key-file', ''])).toMatchObject({ options: { kiloKeyFile: '' } });
});

test('inside a cluster its API server, unless one is named', () => {
  const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
  expect(parse([], env)).toMatchObject({ options: { connection: { server: 'https://10.96.0.1:443' } } });
  expect(parse(['--server', 'https://10.0.0.1:6443', '--token-file', 't', '--ca-file', 'c'], env)).toMatchObject({
    options: { connection: { server: 'https://10.0.0.1:6443', tokenFile: 't', caFile: 'c' } },
  });
});

describe('wrong use says what to write', () => {
  test.each([
    [['--bogus'], "Unknown option '--bogus'"],
    [['extra'], 'Unexpected argument'],
    [['--listen', '9107'], '--listen is "9107": write address:port, such as 127.0.0.1:9107'],
    [['--log-level', 'loud'], '--log-level is "loud": write debug, info, warn or error'],
    [['--wireguard', 'fast'], '--wireguard is "fast": write auto, kernel or userspace'],
    [['--server', 'https://x'], '--server, --token-file and --ca-file go together'],
    [['--server', 'x', '--token-file', 't', '--ca-file', 'c'], '--server is "x": write https://host:port'],
    [['--print-plan', '--clean-up'], 'exclude each other'],
    [['--purge'], '--purge says how much --clean-up removes'],
    [['--print-plan', '--output', 'yaml'], 'write changes, plan or json'],
    [['-o', 'plan'], '--output is the format of --print-plan'],
    [['--state-dir', ''], '--state-dir is empty: give it a value, or leave it out'],
    [['--node-name', ''], '--node-name is empty'],
    [['--key-file='], '--key-file is empty'],
    [['--cni-dir', ''], '--cni-dir is empty'],
    [['--host-namespace', ''], '--host-namespace is empty'],
  ])('%p', (argv, message) => {
    expect(parse(argv)).toMatchObject({ kind: 'error', message: expect.stringContaining(message) });
  });
});

test('an empty NODE_NAME is refused, unless a name is given', () => {
  expect(parse([], { NODE_NAME: '' })).toMatchObject({ kind: 'error', message: expect.stringContaining('NODE_NAME is empty') });
  expect(parse(['--node-name', 'a'], { NODE_NAME: '' })).toMatchObject({ options: { nodeName: 'a' } });
});

test.each([[[]], [['--print-plan']], [['--clean-up']]])('who is not root is told before anything else, with %p', (argv) => {
  expect(parseOptions(argv, { env: {}, hostname: 'box', uid: 1000 })).toMatchObject({
    kind: 'error',
    message: expect.stringContaining('run it as root'),
  });
  expect(parseOptions(argv, { env: {}, hostname: 'box', uid: 0 })).toMatchObject({ kind: 'options' });
});

test('the help names every option', () => {
  expect(parse(['-h'])).toEqual({ kind: 'help' });
  for (const name of Object.keys(FLAGS)) {
    expect(HELP).toContain(`--${name}`);
  }
});
