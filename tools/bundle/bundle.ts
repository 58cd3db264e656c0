/**
 * Bundles the compiled programs into `dist/`, which is all that an image needs beside Node itself.
 *
 * `kilofed.js` is the executable; each program lies in a file of its own that it imports on demand, so that a node-agent
 * never loads what only the hub needs. Code that several programs share goes to `chunks/`.
 *
 * The input is what `tsc` emitted, not the sources: esbuild only joins files, so tests and image run the same code.
 */
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { build, type BuildResult, type Metafile, type Plugin } from 'esbuild';

/** `out` is the name in `dist/`, `in` the compiled entry. */
const ENTRIES = [
  { out: 'kilofed', in: 'out/cli/main.js' },
  { out: 'hub', in: 'out/hub/main.js' },
  { out: 'cluster-agent', in: 'out/cluster-agent/main.js' },
  { out: 'node-agent', in: 'out/node-agent/main.js' },
] as const;

export type Program = (typeof ENTRIES)[number]['out'];

/**
 * CommonJS dependencies ask for built-ins by `require`, which an ES module does not have. esbuild asks for it in one place, its helper
 * `__require`, so every other file is spared the line.
 */
const BANNER = "import { createRequire as kilofedRequire } from 'node:module'; const require = kilofedRequire(import.meta.url);";
const NEEDS_BANNER = 'typeof require';

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
 * Every zod schema can describe itself as JSON Schema, by code that each schema refers to. Of our programs none asks for it: the CRDs are
 * written by tools/generate, which is not bundled.
 */
const NO_JSON_SCHEMA: Plugin = {
  name: 'no JSON Schema',
  setup({ onLoad }) {
    onLoad({ filter: /zod\/v4\/core\/(to-json-schema|json-schema-processors|json-schema-generator)\.js$/ }, ({ path }) => ({
      contents: `const absent = () => { throw new Error('JSON Schema is not in the bundle: see tools/bundle/bundle.ts') };
        ${JSON_SCHEMA_EXPORTS[basename(path, '.js')]}`,
    }));
  },
};

/** What fields of our objects are for stands in the CRDs, for people. Programs check the objects, and ask nobody for it. */
const NO_DESCRIPTIONS: Plugin = {
  name: 'no descriptions',
  setup({ onLoad }) {
    onLoad({ filter: /\/out\/core\/api\/\w+\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replaceAll(DESCRIPTION, (text) => text.replaceAll(/[^\n]/g, '')),
    }));
  },
};

/** `.describe(...)` of one text, or of several that are joined. What stays are its line ends, so that source maps hold. */
const DESCRIPTION = /\s*\.describe\((?:'(?:[^'\\]|\\.)*'|"[^"]*"|[\s+])*\)/g;

/** What lets a schema contain itself: ours do not, and what they read was JSON or YAML without aliases. `zod/mini` goes without, too. */
const NO_CYCLES: Plugin = {
  name: 'no cycles',
  setup({ onLoad }) {
    onLoad({ filter: /zod\/v4\/core\/memoizer\.js$/ }, () => ({
      contents: `export const memoizer = () => undefined, isBackEdge = () => false, isRecursiveSchema = () => false;
        export class $ZodCyclicError extends Error {}`,
    }));
  },
};

/**
 * A schema of texts has a method for every well-known form of them: e-mail addresses, URLs, UUIDs and two dozen more, each with its
 * schema and regular expression. Our forms are Kubernetes' and WireGuard's, which are not among them. Line ends stay, as above.
 */
const NO_FORMATS: Plugin = {
  name: 'no formats',
  setup({ onLoad }) {
    onLoad({ filter: /zod\/v4\/classic\/schemas\.js$/ }, async ({ path }) => ({
      contents: withoutFormats(await readFile(path, 'utf8')),
    }));
  },
};

function withoutFormats(source: string): string {
  return source.replaceAll(FORMAT, (text) => text.replaceAll(/[^\n]/g, ''));
}

/** A method that does nothing but check for a form: `email(params) { return this.check(core._email(ZodEmail, params)); },`. */
const FORMAT = /^\s*\w+\(params\) \{\n\s*return this\.check\(core\._\w+\(Zod\w+, params\)\);\n\s*\},?$/gm;

/**
 * A schema of objects writes itself a function at the first object, which is quicker for thousands of objects a second and keeps what it
 * wrote. A node-agent reads few. `zod/mini` goes without, and zod itself where no code may be written.
 */
const NO_WRITTEN_CODE: Plugin = {
  name: 'no written code',
  setup({ onLoad }) {
    onLoad({ filter: /zod\/v4\/classic\/schemas\.js$/ }, async ({ path }) => ({
      contents: withoutFormats(await readFile(path, 'utf8')).replaceAll('$ZodObjectJIT', '$ZodObject'),
    }));
  },
};

/** Names of special ranges, which nobody asks ipaddr.js for: core/net/special.ts has those that matter here. Line ends stay, as above. */
const NO_RANGE_NAMES: Plugin = {
  name: 'no range names',
  setup({ onLoad }) {
    onLoad({ filter: /ipaddr\.js\/lib\/ipaddr\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replaceAll(RANGE_NAMES, (_text, start: string, ranges: string) =>
        [start, '{', ranges.replaceAll(/[^\n]/g, ''), '};'].join(''),
      ),
    }));
  },
};

const RANGE_NAMES = /(\.prototype\.SpecialRanges = )\{(.*?)^ {8}\};/gms;

/** What others import by name, by module. */
const JSON_SCHEMA_EXPORTS: Readonly<Record<string, string>> = {
  'to-json-schema': 'export const createToJSONSchemaMethod = () => absent, createStandardJSONSchemaMethod = () => absent;',
  'json-schema-processors': 'export { absent as toJSONSchema };',
  'json-schema-generator': 'export { absent as JSONSchemaGenerator };',
};

/**
 * What several programs share is what one of them needs of it at least. The node-agent, of which there are most, is therefore bundled by
 * itself, and the others ask for its file.
 */
const ALONE: Program = 'node-agent';
const ASKED_FOR = `./${ALONE}.js`;

const ASK: Plugin = {
  name: 'ask',
  setup({ onResolve }) {
    onResolve({ filter: /\/node-agent\/main\.js$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: ASKED_FOR, external: true } : undefined,
    );
  },
};

/**
 * Builds from `<root>/out` into `<root>/dist`, and removes from there what this build did not make. Files are written
 * before others go, so a program that starts meanwhile finds all it imports. Returns esbuild's account of what went where.
 */
export async function bundle(root: string): Promise<Metafile> {
  const [alone, others] = await Promise.all([
    buildEntries(
      root,
      ENTRIES.filter(({ out }) => out === ALONE),
      [NO_WRITTEN_CODE],
    ),
    buildEntries(
      root,
      ENTRIES.filter(({ out }) => out !== ALONE),
      [ASK],
    ),
  ]);
  const outputFiles = [...alone.outputFiles, ...others.outputFiles];
  const metafile = {
    inputs: { ...alone.metafile.inputs, ...others.metafile.inputs },
    outputs: { ...alone.metafile.outputs, ...others.metafile.outputs },
  };
  for (const output of Object.values(metafile.outputs)) {
    output.imports = output.imports.map((edge) => (edge.path === ASKED_FOR ? { path: `dist/${ALONE}.js`, kind: edge.kind } : edge));
  }
  const kept = new Set(outputFiles.map((file) => file.path));
  for (const file of outputFiles) {
    const contents = file.text.includes(NEEDS_BANNER) ? file.text : file.text.replace(BANNER, '');
    const output = metafile.outputs[relative(root, file.path)];
    if (output !== undefined) output.bytes = Buffer.byteLength(contents);
    await mkdir(dirname(file.path), { recursive: true });
    await writeFile(file.path, contents);
  }
  await chmod(join(root, 'dist', 'kilofed.js'), 0o755);
  await removeOthers(join(root, 'dist'), kept);
  return metafile;
}

type Built = BuildResult<{ readonly write: false; readonly metafile: true }>;

function buildEntries(root: string, entryPoints: { in: string; out: string }[], plugins: readonly Plugin[]): Promise<Built> {
  return build({
    absWorkingDir: root,
    entryPoints,
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.18',
    chunkNames: 'chunks/[name]-[hash]',
    banner: { js: BANNER },
    plugins: [LAZY, NO_JSON_SCHEMA, NO_DESCRIPTIONS, NO_CYCLES, ...plugins, NO_FORMATS, NO_RANGE_NAMES],
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
}

interface Reach {
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
  const files = [...seen];
  return {
    packages: packagesOf(metafile, files),
    externals: [...externals].toSorted(),
    bytes: files.reduce((sum, file) => sum + (metafile.outputs[file]?.bytes ?? 0), 0),
  };
}

/** npm packages that have code in `files` of `dist/`. */
export function packagesOf(metafile: Metafile, files: readonly string[]): string[] {
  return [...new Set(files.flatMap((file) => Object.keys(metafile.outputs[file]?.inputs ?? {}).flatMap(packageOf)))].toSorted();
}

/** `node_modules/a/node_modules/@b/c/d.js` -> `@b/c`. */
function packageOf(input: string): string[] {
  const name = input
    .split('node_modules/')
    .slice(1)
    .pop()
    ?.match(/^(@[^/]+\/)?[^/]+/)?.[0];
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
