/**
 * A whole hub in this process, with its members declared as files in a directory.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FederationStatus } from '../../core/api/status.js';
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { RULES } from '../fakes/services.js';
import { chooseQueue } from '../../hub/chooseQueue.js';
import { connectMember } from '../../hub/connectMember.js';
import { createHub, type Hub } from '../../hub/hub.js';
import type { Source } from '../../hub/members/declaration.js';
import { directorySource } from '../../hub/members/directory.js';
import type { ReplaceKubeconfig } from '../../hub/members/renewal.js';
import { systemClock } from '../../kube/wire/systemClock.js';

export interface TestHub {
  status(): FederationStatus;
  metrics(): Promise<string>;
  notReady(): string | undefined;
  knows: Hub['knows'];
  forget: Hub['forget'];
  explain: Hub['explain'];
  stop(): Promise<void>;
}

export interface Directory {
  readonly path: string;
  declare(id: string, kubeconfig: string): Promise<void>;
  withdraw(id: string): Promise<void>;
  remove(): Promise<void>;
}

export async function createDirectory(): Promise<Directory> {
  const path = await mkdtemp(join(tmpdir(), 'kilofed-members-'));
  return {
    path,
    async declare(id, kubeconfig) {
      await writeFile(join(path, `.${id}`), kubeconfig);
      await rename(join(path, `.${id}`), join(path, `${id}.yaml`));
    },
    withdraw: (id) => rm(join(path, `${id}.yaml`)),
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

interface TestHubOptions {
  readonly directory: Directory;
  readonly redisUrl?: string;
  readonly sources?: readonly Source[];
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Default: nothing is renewed. */
  readonly replaceKubeconfig?: ReplaceKubeconfig;
}

export function startHub({ directory, redisUrl, sources = [], clock = systemClock, replaceKubeconfig }: TestHubOptions): TestHub {
  const deps = { clock, random: Math.random, log: LOG };
  const stop = new AbortController();
  const hub = createHub({
    identity: { federation: 'default', instance: 'test' },
    ...deps,
    sources: [directorySource(directory.path, { ...deps, rescanMs: 1_000 }), ...sources],
    connect: (kubeconfig, place) =>
      connectMember(kubeconfig, place, { ofSecrets: { programs: false, insecureTls: false }, environment: {} }),
    ...chooseQueue(redisUrl, { ...deps, federation: 'default' }),
    version: 'test',
    sha256: (text) => createHash('sha256').update(text).digest(),
    rules: RULES,
    exportToDefault: 'all',
    ...(replaceKubeconfig !== undefined && { replaceKubeconfig }),
  });
  const running = hub.run(stop.signal);
  return {
    status: hub.status,
    notReady: hub.notReady,
    knows: hub.knows,
    forget: hub.forget,
    explain: hub.explain,
    metrics: async () => (await hub.metrics.expose()).body,
    async stop() {
      stop.abort();
      await running;
    },
  };
}

/** Set KILOFED_TEST_LOG to see what the hub says. */
const LOG: Log = {
  debug: () => undefined,
  info: (message, data) => say('info', message, data),
  warn: (message, data) => say('warn', message, data),
  error: (message, data) => say('error', message, data),
  with: (data) => ({
    ...LOG,
    warn: (message, more) => say('warn', message, { ...data, ...more }),
    error: (message, more) => say('error', message, { ...data, ...more }),
    info: (message, more) => say('info', message, { ...data, ...more }),
    with: () => LOG,
  }),
};

function say(level: string, message: string, data: unknown): void {
  if (process.env['KILOFED_TEST_LOG'] === undefined) return;
  process.stderr.write(
    `${level} ${message} ${JSON.stringify(data, (_key, value: unknown) => (value instanceof Error ? value.stack : value))}\n`,
  );
}
