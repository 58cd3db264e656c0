/**
 * The release before this one, built from the repository's history: what `test/upgrade/previous` names, a tag or a commit. It needs a
 * clone with history, not only the newest commit. Built once for each machine, in the cache folder of the lab.
 */
import { describe } from '@jest/globals';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CACHE } from '../lab/binaries/locate.js';
import { attempt, run } from '../lab/process.js';

export interface Release {
  readonly commit: string;
  /** `kilofed.js` in the folder of its programs. */
  readonly program: string;
  /** Folder of its manifests. */
  readonly manifests: string;
}

const ROOT = resolve(import.meta.dirname, '../../..');
const COMPILE_MS = 400_000;

/** Skipped, with what to do, where its commit is not in this clone. */
export async function describeWithPrevious(title: string, body: (release: () => Promise<Release>) => void): Promise<void> {
  const named = readFileSync(join(ROOT, 'test/upgrade/previous'), 'utf8').trim();
  const found = await attempt(['git', '-C', ROOT, 'rev-parse', '--verify', '--quiet', `${named}^{commit}`]);
  const commit = found.stdout.trim();
  if (found.code === 0) describe(title, () => body(() => releaseOf(commit)));
  else
    describe.skip(`SKIPPED ${title}: ${named}, the previous release, is not in this clone: git fetch --unshallow --tags`, () =>
      body(() => releaseOf(named)));
}

async function releaseOf(commit: string): Promise<Release> {
  const folder = join(dirname(CACHE), 'previous', commit);
  const release = { commit, program: join(folder, 'dist/kilofed.js'), manifests: join(folder, 'manifests') };
  if (!existsSync(folder)) await build(commit, folder);
  return release;
}

/** Its dependencies are those of this checkout: what differs is the code. */
async function build(commit: string, folder: string): Promise<void> {
  const scratch = `${folder}.${process.pid}`;
  mkdirSync(scratch, { recursive: true });
  try {
    await run(['sh', '-ec', 'git -C "$0" archive "$1" | tar -x -C "$2"', ROOT, commit, scratch]);
    symlinkSync(join(ROOT, 'node_modules'), join(scratch, 'node_modules'));
    const inside = ['env', `--chdir=${scratch}`];
    await run([...inside, 'node_modules/.bin/tsc', '-b', 'cli', 'tools'], { timeoutMs: COMPILE_MS });
    await run([...inside, process.execPath, 'out/tools/bundle/bundle.js'], { timeoutMs: COMPILE_MS });
    rmSync(join(scratch, 'out'), { recursive: true });
    renameSync(scratch, folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
