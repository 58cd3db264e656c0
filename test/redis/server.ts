/**
 * A real redis-server on a unix socket, that dies with the test.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../lab/process.js';

export interface RedisServer {
  readonly url: string;
  /** Freezes it: connections stay, nothing answers. */
  pause(): void;
  resume(): void;
  /** Ends it at once; all data is lost. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export const redisProgram = ['/usr/bin/redis-server', '/usr/local/bin/redis-server'].find((path) => existsSync(path));

/** `options`: more of redis-server's own, such as `['--maxmemory', '1mb']`. */
export async function startRedis(options: readonly string[] = []): Promise<RedisServer> {
  if (redisProgram === undefined) throw new Error('redis-server is not installed: run `make setup`');
  const dir = mkdtempSync(join(tmpdir(), 'kilofed-redis-'));
  const socket = join(dir, 'redis.sock');
  const argv = [
    redisProgram,
    '--port',
    '0',
    '--unixsocket',
    socket,
    '--save',
    '',
    '--appendonly',
    'no',
    '--maxmemory-policy',
    'noeviction',
    '--dir',
    dir,
    ...options,
  ];
  let child: ChildProcess;
  const start = async (): Promise<void> => {
    child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...argv], { stdio: 'ignore' });
    await until('redis', 5_000, () => answers(socket));
  };
  const kill = (): Promise<void> =>
    new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
  await start();
  return {
    url: socket,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    kill,
    start,
    stop: async () => {
      await kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function answers(socket: string): Promise<true | undefined> {
  return new Promise((resolve) => {
    const connection = connect(socket, () => connection.write('PING\r\n'));
    connection.once('data', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(undefined));
  });
}
