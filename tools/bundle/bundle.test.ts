import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Metafile } from 'esbuild';
import { bundle, packagesOf, type Program, reach } from './bundle.js';

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

  test('none: what writes JSON Schema', () => {
    const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
    const bytes = inputs.filter(([input]) => input.includes('json-schema')).reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0);
    expect(bytes).toBeLessThan(KIB);
  });

  test('none: what fields of our objects are for', () => {
    const sources = ['mesh', 'meshNode', 'meshSpec', 'nodePolicy', 'peer'].map((name) =>
      readFileSync(join(ROOT, `out/core/api/${name}.js`), 'utf8'),
    );
    expect(sources.join('').split('.describe(').length).toBeGreaterThan(50);
    for (const program of ['hub', 'cluster-agent', 'node-agent'] as const)
      expect(reachText(program).match(/\.describe\(.{0,60}/g) ?? []).toEqual([]);
  });

  test('none: forms of texts that are not ours', () => {
    for (const program of ['hub', 'cluster-agent', 'node-agent'] as const)
      expect(reachText(program).match(/Zod(Email|UUID|JWT|ISODateTime)\b/g) ?? []).toEqual([]);
  });

  test('none: names of ranges of addresses', () => {
    for (const program of ['hub', 'cluster-agent', 'node-agent'] as const)
      expect(reachText(program).match(/carrierGradeNat|deprecatedOrchid/g) ?? []).toEqual([]);
  });

  test('a node-agent: nothing that writes code', () => {
    expect(readFileSync(join(ROOT, 'dist/node-agent.js'), 'utf8')).not.toMatch(/ZodObjectJIT|new Function/);
    expect(reachText('hub')).toContain('ZodObjectJIT');
  });

  test('the executable itself: nothing', () => {
    expect(reach(metafile, 'kilofed', 'static').packages).toEqual([]);
  });

  test.each<[Program]>([['kilofed'], ['hub'], ['cluster-agent'], ['node-agent']])(
    '%s asks nothing of node_modules when it runs',
    (program) => {
      expect(reach(metafile, program, 'any').externals.filter((name) => !builtin(name) && !OPTIONAL.includes(name))).toEqual([]);
    },
  );

  /** Measured 2026-11 plus about a third. What grows beyond it should be a decision. */
  test.each<[Program, number]>([
    ['kilofed', 4 * KIB],
    ['hub', 6_400 * KIB],
    ['cluster-agent', 4_200 * KIB],
    ['node-agent', 448 * KIB],
  ])('%s loads at most %d bytes at its start', (program, budget) => {
    expect(reach(metafile, program, 'static').bytes).toBeLessThan(budget);
  });
});

describe('the executable', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kilofed-kubeconfig-'));
  /** Of an API server that is not there. */
  const kubeconfig = join(folder, 'config');
  beforeAll(() =>
    writeFileSync(
      kubeconfig,
      `apiVersion: v1
kind: Config
clusters: [{name: a, cluster: {server: 'https://127.0.0.1:1'}}]
users: [{name: a, user: {token: a}}]
contexts: [{name: a, context: {cluster: a, user: a}}]
current-context: a
`,
    ),
  );
  afterAll(() => rmSync(folder, { recursive: true }));

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
    [['status', '--kubeconfig', '/dev/null'], 2, /^$/, /^kilofed: \/dev\/null: the kubeconfig is empty/],
    [['status', '--kubeconfig', kubeconfig], 2, /^$/, /^kilofed: could not reach/],
    [['graph', '--hub', 'http://127.0.0.1:1'], 2, /^$/, /^kilofed: no answer from the hub/],
  ])(
    'kilofed %j ends with %d',
    (argv, code, out, err) => {
      const ended = kilofed(...argv);
      expect(ended.err).toMatch(err);
      expect(ended.out).toMatch(out);
      expect(ended.code).toBe(code);
    },
    PATIENCE_MS,
  );

  test.each(['help', 'help hub', 'help node-agent', 'completion bash'])(
    'kilofed %s ends without a word when nobody reads on',
    (argv) => {
      const piped = `(sleep 0.3; exec ${resolve('dist/kilofed.js')} ${argv}) | true; echo "\${PIPESTATUS[0]}"`;
      const { stdout, stderr } = spawnSync('bash', ['-c', piped], { encoding: 'utf8', timeout: 20_000 });
      expect([stdout, stderr]).toEqual(['141\n', '']);
    },
    PATIENCE_MS,
  );

  test(
    'help loads little: its own texts and what parses a command line, nothing that talks to anybody',
    () => {
      const loaded = loadedBy('dist/kilofed.js', '--help');
      expect(loaded.files).toContain('dist/kilofed.js');
      expect(loaded.files.reduce((sum, file) => sum + (metafile.outputs[file]?.bytes ?? 0), 0)).toBeLessThan(96 * KIB);
      expect(packagesOf(metafile, loaded.files)).toEqual(['commander']);
      expect(loaded.builtins).toContain('child_process');
      expect(loaded.builtins.filter((name) => /^(https?|_http_.*|http2|tls|_tls_.*|crypto|internal\/deps\/undici.*)$/.test(name))).toEqual(
        [],
      );
    },
    PATIENCE_MS,
  );
});

/** The text of its own file, and of all chunks. */
function reachText(program: Program): string {
  const chunks = Object.keys(metafile.outputs).filter((file) => /^dist\/chunks\/.*\.js$/.test(file));
  return [`dist/${program}.js`, ...chunks].map((file) => readFileSync(join(ROOT, file), 'utf8')).join('');
}

function builtin(name: string): boolean {
  return name.startsWith('node:') || builtinModules.includes(name);
}

function kilofed(...argv: readonly string[]): { readonly code: number | null; readonly out: string; readonly err: string } {
  const env = { ...process.env, HOME: '/nowhere', KUBECONFIG: '' };
  const ended = spawnSync(resolve('dist/kilofed.js'), argv, { encoding: 'utf8', timeout: 20_000, env });
  // What it says meanwhile depends on how slow the machine is.
  return { code: ended.status, out: ended.stdout, err: ended.stderr.replace(/^kilofed: still waiting for .*\n/gm, '') };
}

interface Loaded {
  /** Relative to the root. */
  readonly files: readonly string[];
  /** Node's own, such as `fs` and `internal/url`. */
  readonly builtins: readonly string[];
}

/** What a run of Node loads, by what V8 reports of it (https://nodejs.org/api/cli.html, NODE_V8_COVERAGE). */
function loadedBy(...argv: readonly string[]): Loaded {
  const folder = mkdtempSync(join(tmpdir(), 'kilofed-loaded-'));
  try {
    spawnSync(process.execPath, argv, { timeout: 20_000, env: { ...process.env, NODE_V8_COVERAGE: folder } });
    const urls = readdirSync(folder).flatMap((file) => {
      const { result } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { readonly result: readonly { readonly url: string }[] };
      return result.map(({ url }) => url);
    });
    return {
      files: urls.filter((url) => url.startsWith('file:')).map((url) => relative(ROOT, fileURLToPath(url))),
      builtins: urls.filter((url) => url.startsWith('node:')).map((url) => url.slice('node:'.length)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
