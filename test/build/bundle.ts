/**
 * Bundles the compiled programs into `dist/`, which is all that an image needs beside Node itself.
 *
 * `kilofed.js` is the executable; each program lies in a file of its own that it imports on demand, so that a node-agent
 * never loads what only the hub needs. Code that several programs share goes to `chunks/`.
 *
 * The input is what `tsc` emitted, not the sources: esbuild only joins files, so tests and image run the same code.
 */
import { chmod, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';

/** `out` is the name in `dist/`, `in` the compiled entry. */
const ENTRIES = [
  { out: 'kilofed', in: 'out/cli/main.js' },
  { out: 'hub', in: 'out/hub/main.js' },
  { out: 'cluster-agent', in: 'out/cluster-agent/main.js' },
  { out: 'node-agent', in: 'out/node-agent/main.js' },
] as const;

export type Program = (typeof ENTRIES)[number]['out'];

/** CommonJS dependencies ask for built-ins by `require`, which an ES module does not have. */
const BANNER = "import { createRequire as kilofedRequire } from 'node:module'; const require = kilofedRequire(import.meta.url);";

/**
 * Modules of Node's that load more when they are imported than when they are asked for: an `import` reads all that they export, and
 * node:http exports what comes with the client behind `fetch` (from Node 22 on), node:tls the text of every root certificate.
 */
const LAZY: Plugin = {
  name: 'lazy',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:(http|tls)$/ }, ({ path }) => ({ path, namespace: 'lazy' }));
    onLoad({ filter: /^/, namespace: 'lazy' }, ({ path }) => ({ contents: `module.exports = process.getBuiltinModule('${path}')` }));
  },
};

/**
 * Builds from `<root>/out` into `<root>/dist`, and removes from there what this build did not make. Files are written
 * before others go, so a program that starts meanwhile finds all it imports. Returns esbuild's account of what went where.
 */
export async function bundle(root: string): Promise<Metafile> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [...ENTRIES],
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.18',
    chunkNames: 'chunks/[name]-[hash]',
    banner: { js: BANNER },
    plugins: [LAZY],
    // Names stay, for stack traces and profiles; the rest of minifying halves what a start has to parse.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'linked',
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    write: false,
    logLevel: 'error',
  });
  const kept = new Set(outputFiles.map((file) => file.path));
  for (const file of outputFiles) {
    await mkdir(dirname(file.path), { recursive: true });
    await writeFile(file.path, file.contents);
  }
  await chmod(join(root, 'dist', 'kilofed.js'), 0o755);
  await removeOthers(join(root, 'dist'), kept);
  return metafile;
}

export interface Reach {
  /** npm packages whose code can be loaded, and so must be wanted. */
  readonly packages: readonly string[];
  /** Bare imports that stay imports: built-ins, or something forgotten. */
  readonly externals: readonly string[];
  /** Of all files that can be loaded. */
  readonly bytes: number;
}

/** What one program loads: its own file and everything that one imports, at the start (`static`) or ever (`any`). */
export function reach(metafile: Metafile, program: Program, imports: 'static' | 'any'): Reach {
  const seen = new Set<string>();
  const externals = new Set<string>();
  const waiting = [`dist/${program}.js`];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const edge of metafile.outputs[file]?.imports ?? []) {
      if (imports === 'static' && edge.kind === 'dynamic-import') continue;
      if (edge.external === true) externals.add(edge.path);
      else waiting.push(edge.path);
    }
  }
  const outputs = [...seen].map((file) => metafile.outputs[file]);
  const packages = outputs.flatMap((output) => Object.keys(output?.inputs ?? {}).flatMap(packageOf));
  return {
    packages: [...new Set(packages)].toSorted(),
    externals: [...externals].toSorted(),
    bytes: outputs.reduce((sum, output) => sum + (output?.bytes ?? 0), 0),
  };
}

/** `node_modules/a/node_modules/@b/c/d.js` -> `@b/c`. */
function packageOf(input: string): string[] {
  const name = input.split('node_modules/').slice(1).pop()?.match(/^(@[^/]+\/)?[^/]+/)?.[0];
  return name === undefined ? [] : [name];
}

async function removeOthers(folder: string, kept: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder, { recursive: true })) {
    const path = join(folder, name);
    if (!kept.has(path) && (await stat(path)).isFile()) await rm(path);
  }
}

async function main(root: string): Promise<void> {
  const metafile = await bundle(root);
  for (const { out } of ENTRIES) {
    const { bytes } = reach(metafile, out, 'static');
    process.stdout.write(`dist/${out}.js: loads ${Math.ceil(bytes / 1024)} KiB at its start\n`);
  }
}

if (process.argv[1] === import.meta.filename) await main(resolve(import.meta.dirname, '../../..'));
