/**
 * Control groups: every node is one, below one group of its run, in each hierarchy of cgroup v1 or in the one of v2.
 */
import { existsSync, readdirSync, readFileSync, rmdirSync, statfsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '../process.js';

const ROOT = '/sys/fs/cgroup';
const CGROUP2_MAGIC = 0x63677270;
/** The v1 hierarchies that kubelet and runc use. */
const HIERARCHIES = ['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids', 'systemd'];

function cgroupVersion(): 1 | 2 {
  return statfsSync(ROOT).type === CGROUP2_MAGIC ? 2 : 1;
}

/** The v1 hierarchies of this machine; empty with v2. */
function hierarchies(): string[] {
  return cgroupVersion() === 2 ? [] : HIERARCHIES.filter((name) => existsSync(join(ROOT, name, 'cgroup.procs')));
}

/** Makes the group of one node and returns its folders: a process that enters all of them is in the node's group. */
export function createGroup(runId: string, node: string): string[] {
  const roots = cgroupVersion() === 2 ? [ROOT] : hierarchies().map((name) => join(ROOT, name));
  return roots.map((root) => {
    const run = join(root, `kilofed-${runId}`);
    const group = join(run, node);
    for (const folder of [run, group]) {
      mkdirSync(folder, { recursive: true });
      inherit(folder);
    }
    return group;
  });
}

/** With v2, where a group that hands controllers on may hold no process: the one that waits outside of a node goes beside its group. */
export function leaveGroup(runId: string, pid: number): void {
  if (cgroupVersion() === 1) return;
  const group = join(ROOT, `kilofed-${runId}`, 'outside');
  mkdirSync(group, { recursive: true });
  writeFileSync(join(group, 'cgroup.procs'), String(pid));
}

/** Removes the group of a node, or of a whole run, whose processes have ended. */
export async function removeGroups(runId: string, node = ''): Promise<void> {
  const roots = cgroupVersion() === 2 ? [ROOT] : hierarchies().map((name) => join(ROOT, name));
  const groups = roots.map((root) => join(root, `kilofed-${runId}`, node));
  for (let attempts = 0; attempts < 100; attempts++) {
    if (groups.map(removeTree).every(Boolean)) return;
    // The kernel lets go of a group some milliseconds after its last process.
    await sleep(50);
  }
  throw new Error(`control groups kilofed-${runId}/${node} are still in use`);
}

/** cpuset groups of v1 start empty and take no process; v2 groups hand no controller on unless told. */
function inherit(folder: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const own = join(folder, file);
    if (cgroupVersion() === 1 && existsSync(own) && readFileSync(own, 'utf8').trim() === '') {
      writeFileSync(own, readFileSync(join(folder, '..', file)));
    }
  }
  if (cgroupVersion() === 2) {
    const controllers = readFileSync(join(folder, '..', 'cgroup.controllers'), 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean);
    for (const name of controllers) handOn(join(folder, '..'), name);
  }
}

/** What a machine cannot hand on, such as `cpu` beside real-time processes, its nodes do without. */
function handOn(folder: string, controller: string): void {
  try {
    writeFileSync(join(folder, 'cgroup.subtree_control'), `+${controller}`);
  } catch (error) {
    if (!['EBUSY', 'EINVAL', 'EOPNOTSUPP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

function removeTree(folder: string): boolean {
  if (!existsSync(folder)) return true;
  const children = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  if (!children.map((entry) => removeTree(join(folder, entry.name))).every(Boolean)) return false;
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}
