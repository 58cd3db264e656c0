import { spawnSync } from 'node:child_process';
import { builtinModules } from 'node:module';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Metafile } from 'esbuild';
import { bundle, type Program, reach } from './bundle.js';

const ROOT = resolve('.');
const KIB = 1024;
/** On a machine that has much else to do. */
const PATIENCE_MS = 60_000;

/** Asked for, and done without: native helpers of `ws`, and the stores of BullMQ that we do not use. */
const OPTIONAL = ['bufferutil', 'utf-8-validate', '@valkey/valkey-glide', 'pg'];

let metafile: Metafile;

beforeAll(async () => {
  metafile = await bundle(ROOT);
}, PATIENCE_MS);

describe('what a program carries', () => {
  test('a node-agent: built-ins, ipaddr.js and zod', () => {
    expect(reach(metafile, 'node-agent', 'any').packages.filter((name) => !['ipaddr.js', 'zod'].includes(name))).toEqual([]);
  });

  test('a cluster-agent: nothing of the queue', () => {
    expect(reach(metafile, 'cluster-agent', 'any').packages.filter((name) => ['bullmq', 'ioredis'].includes(name))).toEqual([]);
  });

  test('the executable itself: nothing', () => {
    expect(reach(metafile, 'kilofed', 'static').packages).toEqual([]);
  });

  test.each<[Program]>([['kilofed'], ['hub'], ['cluster-agent'], ['node-agent']])('%s asks nothing of node_modules when it runs', (program) => {
    expect(reach(metafile, program, 'any').externals.filter((name) => !builtin(name) && !OPTIONAL.includes(name))).toEqual([]);
  });

  /** Measured 2026-11 plus about a third. What grows beyond it should be a decision. */
  test.each<[Program, number]>([
    ['kilofed', 4 * KIB],
    ['hub', 6_400 * KIB],
    ['cluster-agent', 4_200 * KIB],
    ['node-agent', 440 * KIB],
  ])('%s loads at most %d bytes at its start', (program, budget) => {
    expect(reach(metafile, program, 'static').bytes).toBeLessThan(budget);
  });
});

describe('the executable', () => {
  test.each([
    [['--help'], 0, /^Usage: kilofed/, /^$/],
    [['help', 'status'], 0, /^Usage: kilofed status/, /^$/],
    [['help', 'hub'], 0, /hub/, /^$/],
    [['help', 'cluster-agent'], 0, /cluster-agent/, /^$/],
    [['help', 'node-agent'], 0, /node-agent/, /^$/],
    [['version'], 0, /^\d+\.\d+\.\d+\n$/, /^$/],
    [['completion', 'bash'], 0, /complete -F/, /^$/],
    [['stats'], 2, /^$/, /Did you mean status/],
    [['status'], 2, /^$/, /^kilofed: no kubeconfig: \/nowhere\/.kube\/config does not exist/],
    [['status', '--kubeconfig', '/dev/null'], 2, /^$/, /^kilofed: could not reach/],
    [['graph', '--hub', 'http://127.0.0.1:1'], 2, /^$/, /^kilofed: no answer from the hub/],
  ])('kilofed %j ends with %d', (argv, code, out, err) => {
    const ended = kilofed(...argv);
    expect(ended.err).toMatch(err);
    expect(ended.out).toMatch(out);
    expect(ended.code).toBe(code);
  }, PATIENCE_MS);

  test('help is quick: at most 100 ms more than Node itself, the better of five', () => {
    const empty = bestOfFive('--eval', '0');
    expect(bestOfFive('dist/kilofed.js', '--help') - empty).toBeLessThan(100);
  }, PATIENCE_MS);
});

function builtin(name: string): boolean {
  return name.startsWith('node:') || builtinModules.includes(name);
}

function kilofed(...argv: readonly string[]): { readonly code: number | null; readonly out: string; readonly err: string } {
  const env = { ...process.env, HOME: '/nowhere', KUBECONFIG: '' };
  const ended = spawnSync(resolve('dist/kilofed.js'), argv, { encoding: 'utf8', timeout: 20_000, env });
  return { code: ended.status, out: ended.stdout, err: ended.stderr };
}

/** Milliseconds. */
function bestOfFive(...argv: readonly string[]): number {
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    spawnSync(process.execPath, argv, { timeout: 20_000 });
    return performance.now() - start;
  });
  return Math.min(...times);
}
