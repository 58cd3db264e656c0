import { expect, test } from '@jest/globals';
import { parseFlags } from './flags.js';

function parse(argv: readonly string[], env: Record<string, string> = {}): ReturnType<typeof parseFlags> & { readonly said: string } {
  let said = '';
  const say = (text: string): void => void (said += text);
  return { ...parseFlags(argv, { env, out: say, err: say }), said };
}

test('defaults', () => {
  expect(parse([])).toMatchObject({
    kind: 'run',
    flags: {
      namespace: 'kilofed',
      listen: { address: '127.0.0.1', port: 8080 },
      listenMetrics: { address: '', port: 8081 },
      logLevel: 'info',
    },
  });
});

test('H10, L13: what nobody says is by default all, but for the namespaces of clusters and of the hub', () => {
  expect(parse([])).toMatchObject({ flags: { denyNamespaces: ['kube-', 'openshift-', 'openshift', 'kilofed'], exportToDefault: 'all' } });
  expect(parse([])).not.toHaveProperty('flags.allowNamespaces');
});

test.each([
  [['--deny-namespaces', 'a, b-,'], { denyNamespaces: ['a', 'b-'] }],
  [['--deny-namespaces', ''], { denyNamespaces: [] }],
  [['--allow-namespaces', 'team-,demo'], { allowNamespaces: ['team-', 'demo'] }],
  [['--allow-namespaces', ''], { allowNamespaces: [] }],
  [['--export-to-default', 'none'], { exportToDefault: 'none' }],
])('H10, L13: %p', (argv, flags) => {
  expect(parse(argv)).toMatchObject({ kind: 'run', flags });
});

test('every flag', () => {
  const argv = [
    '--kubeconfig-dir',
    '/m',
    '--namespace',
    'x',
    '--home-kubeconfig',
    '/k',
    '--redis-url',
    'redis://r:6379',
    '--listen',
    '127.0.0.1:9',
    '--listen-metrics',
    '[::1]:10',
    '--allow-kubeconfig-exec',
    '--allow-insecure-tls',
    '--log-level',
    'debug',
  ];
  expect(parse(argv)).toMatchObject({
    kind: 'run',
    flags: {
      kubeconfigDir: '/m',
      namespace: 'x',
      homeKubeconfig: '/k',
      redisUrl: 'redis://r:6379',
      listen: { address: '127.0.0.1', port: 9 },
      listenMetrics: { address: '::1', port: 10 },
      allowKubeconfigExec: true,
      allowInsecureTls: true,
      logLevel: 'debug',
    },
  });
});

test('Redis from the environment, unless a flag says otherwise', () => {
  expect(parse([], { REDIS_URL: 'redis://env' })).toMatchObject({ flags: { redisUrl: 'redis://env' } });
  expect(parse(['--redis-url', 'redis://flag'], { REDIS_URL: 'redis://env' })).toMatchObject({ flags: { redisUrl: 'redis://flag' } });
  expect(parse([], { REDIS_URL: '/run/redis/redis.sock' })).toMatchObject({ flags: { redisUrl: '/run/redis/redis.sock' } });
  expect(parse([], { REDIS_URL: '' })).not.toHaveProperty('flags.redisUrl');
});

test.each([
  ['a wrong address', ['--listen', 'nowhere'], /Write address:port/],
  ['a wrong address of metrics', ['--listen-metrics', '8081'], /Write address:port, such as 127\.0\.0\.1:8081/],
  ['a wrong level', ['--log-level', 'loud'], /debug, info, warn, error/],
  ['an unknown flag', ['--kubeconfig-dirs', '/m'], /unknown option.*\n.*--kubeconfig-dir/],
  ['a list that is none', ['--deny-namespaces', 'kube-*'], /not "kube-\*"/],
  ['another list', ['--allow-namespaces', 'Demo'], /not "Demo"/],
  ['somebody', ['--export-to-default', 'west'], /all, none/],
  ['too much', ['extra'], /too many arguments/],
])('%s ends with 2 and says what to write', (_name, argv, expected) => {
  expect(parse(argv)).toMatchObject({ kind: 'end', code: 2, said: expect.stringMatching(expected) });
});

test('a wrong Redis address is not repeated: it may hold a password', () => {
  for (const ended of [parse(['--redis-url', 'http://:secret@r']), parse([], { REDIS_URL: 'http://:secret@r' })]) {
    expect(ended).toMatchObject({ kind: 'end', code: 2, said: expect.stringMatching(/write redis:\/\//) });
    expect(ended.said).not.toMatch(/secret/);
  }
});

test('help ends with 0 and shows examples', () => {
  expect(parse(['--help'])).toMatchObject({ kind: 'end', code: 0, said: expect.stringMatching(/Examples:[^]*Exit codes:/) });
});
