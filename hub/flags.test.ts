import { expect, test } from '@jest/globals';
import { parseFlags } from './flags.js';

function parse(argv: readonly string[], env: Record<string, string> = {}): ReturnType<typeof parseFlags> & { readonly said: string } {
  let said = '';
  const say = (text: string): void => void (said += text);
  return { ...parseFlags(argv, { env, out: say, err: say }), said };
}

test('defaults', () => {
  expect(parse([])).toMatchObject({ kind: 'run', flags: { namespace: 'kilofed', listen: { address: '', port: 8080 }, logLevel: 'info' } });
});

test('every flag', () => {
  const argv = ['--kubeconfig-dir', '/m', '--namespace', 'x', '--home-kubeconfig', '/k', '--redis-url', 'redis://r:6379', '--listen', '127.0.0.1:9', '--log-level', 'debug'];
  expect(parse(argv)).toMatchObject({
    kind: 'run',
    flags: { kubeconfigDir: '/m', namespace: 'x', homeKubeconfig: '/k', redisUrl: 'redis://r:6379', listen: { address: '127.0.0.1', port: 9 }, logLevel: 'debug' },
  });
});

test('Redis from the environment, unless a flag says otherwise', () => {
  expect(parse([], { REDIS_URL: 'redis://env' })).toMatchObject({ flags: { redisUrl: 'redis://env' } });
  expect(parse(['--redis-url', 'redis://flag'], { REDIS_URL: 'redis://env' })).toMatchObject({ flags: { redisUrl: 'redis://flag' } });
  expect(parse([], { REDIS_URL: '' })).not.toHaveProperty('flags.redisUrl');
});

test.each([
  ['a wrong address', ['--listen', 'nowhere'], /write address:port/],
  ['a wrong level', ['--log-level', 'loud'], /debug, info, warn, error/],
  ['an unknown flag', ['--kubeconfig-dirs', '/m'], /unknown option.*\n.*--kubeconfig-dir/],
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
