/**
 * What a run of the lab leaves outside its world, and how it goes away: one folder and one control group per run id.
 *
 * A run holds an flock on `<folder>/lock` through its outermost process. The kernel drops the lock with the process, so a
 * lock that can be taken belongs to a dead run, whatever its process ids were, and the sweep may remove what it left.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { attempt } from '../process.js';
import { removeGroups } from './cgroups.js';

/** Younger runs are left alone: they may be between making the folder and taking the lock. */
const GRACE_MS = 10_000;

/** Beside the cache of images, so that both lie on one file system and files can be shared by hard links. */
function runsFolder(): string {
  return process.env['KILOFED_LAB_DIR'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kilofed', 'runs');
}

export function runFolder(id: string): string {
  return join(runsFolder(), id);
}

export function lockFile(id: string): string {
  return join(runFolder(id), 'lock');
}

/** Holds the process id of the run's outermost process, as the machine sees it. */
export function outerPidFile(id: string): string {
  return join(runFolder(id), 'outer.pid');
}

/** Admin kubeconfigs of the run's clusters, by name of the cluster: `<run folder>/<cluster>/admin.kubeconfig`. */
export function kubeconfigs(id: string): Readonly<Record<string, string>> {
  const names = readdirSync(runFolder(id)).toSorted();
  const found = names.map((name) => [name, join(runFolder(id), name, 'admin.kubeconfig')] as const);
  return Object.fromEntries(found.filter(([, path]) => existsSync(path)));
}

/** Makes the folder of a new run, and returns its id: time-ordered, unique on this machine, fit for names. */
export function createRun(now: Date): string {
  const stamp = now.toISOString().slice(5, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const id = `${stamp}-${randomBytes(2).toString('hex')}`;
  mkdirSync(runFolder(id), { recursive: true, mode: 0o700 });
  closeSync(openSync(lockFile(id), 'a'));
  return id;
}

interface Run {
  readonly id: string;
  readonly alive: boolean;
}

export async function listRuns(): Promise<Run[]> {
  if (!existsSync(runsFolder())) return [];
  const ids = readdirSync(runsFolder()).toSorted();
  return Promise.all(ids.map(async (id) => ({ id, alive: await isAlive(id) })));
}

interface Sweep {
  readonly removed: readonly string[];
  /** What could not be removed yet, with the reason; the next sweep tries again. */
  readonly kept: readonly { readonly id: string; readonly reason: string }[];
}

/** Removes what dead runs left. */
export async function sweep(): Promise<Sweep> {
  const dead = (await listRuns()).filter((run) => !run.alive && ageMs(run.id) > GRACE_MS);
  const removed: string[] = [];
  const kept: { id: string; reason: string }[] = [];
  for (const { id } of dead) {
    try {
      await removeRun(id);
      removed.push(id);
    } catch (error) {
      kept.push({ id, reason: (error as Error).message });
    }
  }
  return { removed, kept };
}

/** Only for a run whose processes have all ended. */
export async function removeRun(id: string): Promise<void> {
  await removeGroups(id);
  rmSync(runFolder(id), { recursive: true, force: true, maxRetries: 5 });
}

async function isAlive(id: string): Promise<boolean> {
  if (!existsSync(lockFile(id))) return false;
  return (await attempt(['flock', '--nonblock', lockFile(id), 'true'])).code !== 0;
}

function ageMs(id: string): number {
  return Date.now() - statSync(runFolder(id)).ctimeMs;
}
