/**
 * The workflows of GitHub, as far as they can be judged without it: what they run exists, what they use cannot change, and no job may do
 * more than it needs.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { VERSION } from '../../core/api/version.js';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly needs?: readonly string[];
  readonly container?: { readonly image: string };
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly 'timeout-minutes'?: number;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: object;
  readonly jobs: Readonly<Record<string, Job>>;
}

const FOLDER = '.github/workflows';
const texts = readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')] as const);
const targets = new Set([...readFileSync('Makefile', 'utf8').matchAll(/^([a-z][a-z0-9-]*):/gm)].map(([, name]) => name));

/** What a job may at most. */
const RIGHTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  test: { contents: 'read' },
  build: { contents: 'read' },
  publish: { contents: 'read', packages: 'write', 'id-token': 'write' },
  notes: { contents: 'write' },
};

describe.each(texts)('%s', (_name, text) => {
  const workflow = load(text) as Workflow;
  const jobs = Object.entries(workflow.jobs);
  const steps = jobs.flatMap(([, job]) => job.steps);

  test('runs targets and scripts that there are', () => {
    const lines = steps.flatMap(({ run }) => run?.trim().split('\n') ?? []);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      const [program = '', first = ''] = line.split(' ');
      expect([line, ['make', 'sh', 'gh'].includes(program)]).toEqual([line, true]);
      if (program === 'make') expect([line, targets.has(first)]).toEqual([line, true]);
      if (program === 'sh') expect([line, existsSync(first)]).toEqual([line, true]);
    }
  });

  test('takes nothing of a workflow into a script but by the environment', () => {
    for (const { run } of steps) expect(run ?? '').not.toContain('${{');
  });

  test('uses actions by their commit, with the version beside it', () => {
    const uses = text.match(/uses: .*/g) ?? [];
    expect(uses).toHaveLength(steps.filter((step) => step.uses !== undefined).length);
    for (const each of uses) expect(each).toMatch(/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test('gives each job the least, and an end', () => {
    expect(workflow.permissions).toEqual({});
    for (const [name, job] of jobs) {
      expect([name, job.permissions]).toEqual([name, RIGHTS[name]]);
      expect([name, (job['timeout-minutes'] ?? 0) > 0]).toEqual([name, true]);
      // What a job checks out cannot push.
      for (const step of job.steps.filter(({ uses }) => uses?.startsWith('actions/checkout@')))
        expect(step.with).toMatchObject({ 'persist-credentials': false });
    }
  });

  test('has the history where all tests run, which build the previous release from it', () => {
    for (const [, { steps: own }] of jobs) {
      if (!own.some(({ run }) => run === 'make test')) continue;
      expect(own.find(({ uses }) => uses?.startsWith('actions/checkout@'))?.with).toMatchObject({ 'fetch-depth': 0 });
    }
  });

  test('shows secrets to steps that need them, of the jobs that may write', () => {
    for (const [name, { steps: own }] of jobs)
      for (const { env } of own) if (/secrets\./.test(JSON.stringify(env ?? {}))) expect(['publish', 'notes']).toContain(name);
    expect(text.match(/secrets\.(\w+)/g)?.filter((each) => each !== 'secrets.GITHUB_TOKEN') ?? []).toEqual([]);
  });
});

test('a release is published when it is tested and built, by a job that runs nothing of npm, and its notes come last', () => {
  const { on, jobs } = load(readFileSync(join(FOLDER, 'release.yaml'), 'utf8')) as Workflow;
  expect(on).toEqual({ push: { tags: ['v[0-9]+.[0-9]+.[0-9]+*'] } });
  expect(jobs['publish']?.needs).toEqual(['test', 'build']);
  expect(jobs['publish']?.environment).toBe('release');
  expect(jobs['notes']?.needs).toEqual(['publish']);
  for (const name of ['publish', 'notes'])
    for (const { run } of jobs[name]?.steps ?? []) expect(run ?? '').not.toMatch(/^(make|npm|npx|node)\b/);
  const runs = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
  expect(runs).toEqual([
    'make test',
    'make release TAG="$GITHUB_REF_NAME"',
    'sh tools/release/publish.sh out/release "$OWNER"',
    'gh release create "$GITHUB_REF_NAME" --verify-tag --title "$GITHUB_REF_NAME" --notes-file out/release/notes.md out/release/files/*',
  ]);
});

test('both workflows test in the Node that the base image of builders has', () => {
  const [, base = ''] = /^NODE_IMAGE=(\S+?)-slim(?:@.*)?$/m.exec(readFileSync('tools/image/base-images', 'utf8')) ?? [];
  for (const [, text] of texts)
    for (const { container } of Object.values((load(text) as Workflow).jobs))
      if (container !== undefined) expect(container.image).toBe(base);
});

test('pages and examples name the images and the workflow of this version', () => {
  const pages = [
    'README.md',
    ...['docs', 'examples'].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
    ),
  ];
  const named = pages
    .filter((name) => /\.(md|yaml|sh)$/.test(name))
    .flatMap((name) =>
      [...readFileSync(name, 'utf8').matchAll(/(?:\/kilofed(?:-hub)?:|refs\/tags\/v)(\d+\.\d+\.\d+)/g)].map(([, version]) => [
        name,
        version,
      ]),
    );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter(([, version]) => version !== VERSION)).toEqual([]);
});
