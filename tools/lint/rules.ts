/**
 * The rules of this repository as data: what each folder may import, which files programs start from, and the exceptions.
 */
import type { Border } from './checkBorders.js';
import type { Allowed } from './checkExports.js';

/** What a hub knows, from what one member says to what two of them make of each other: each may import those before it. */
const HUB_LAYERS = ['hub/records', 'hub/members', 'hub/federation', 'hub/pairs', 'hub/links', 'hub/health'];

/**
 * What a folder may import, beside itself. The entry of the nearest folder holds. Folders are meant with all that is below them.
 *
 * The programs never import each other: they meet in `core/api`. The node-agent runs on every node and stays small, so it has only
 * what comes with Node and the part of `kube` that needs no more. Nothing that ships imports `test`.
 */
export const BORDERS: readonly Border[] = [
  { folder: 'core', folders: ['core'], packages: ['ipaddr.js', 'zod'] },
  { folder: 'core/api', folders: ['core/net', 'core/text'], packages: ['ipaddr.js', 'zod'] },
  { folder: 'core/mesh', folders: ['core/api', 'core/memory', 'core/net', 'core/mesh'], packages: [] },
  { folder: 'core/mesh/encapsulation', folders: ['core/api', 'core/memory', 'core/net'], packages: [] },
  { folder: 'kube/wire', folders: ['core'], packages: ['node:'] },
  { folder: 'kube/config', folders: ['core', 'kube/wire'], packages: ['node:', '@kubernetes/client-node', 'js-yaml', 'zod'] },
  { folder: 'kube/program', folders: ['core', 'kube/wire'], packages: ['node:', 'commander'] },
  { folder: 'node-agent', folders: ['core', 'kube/wire', 'node-agent'], packages: ['node:', 'zod'] },
  { folder: 'cluster-agent', folders: ['core', 'kube', 'cluster-agent'], packages: ['node:', 'commander'] },
  { folder: 'hub', folders: ['core', 'kube', 'hub'], packages: ['node:', 'commander'] },
  { folder: 'hub/records', folders: ['core', 'hub/records/admit'], packages: [] },
  { folder: 'hub/members', folders: ['core', 'kube/wire', ...HUB_LAYERS.slice(0, 1)], packages: ['node:', 'js-yaml'] },
  { folder: 'hub/federation', folders: ['core', ...HUB_LAYERS.slice(0, 2)], packages: [] },
  { folder: 'hub/pairs', folders: ['core', ...HUB_LAYERS.slice(0, 3)], packages: [] },
  { folder: 'hub/links', folders: ['core', ...HUB_LAYERS.slice(0, 4)], packages: [] },
  { folder: 'hub/api', folders: ['core', 'kube/wire', 'hub/members'], packages: ['prom-client'] },
  { folder: 'hub/controllers', folders: ['core', 'kube/wire', ...HUB_LAYERS, 'hub/api', 'hub/controllers'], packages: [] },
  { folder: 'hub/health', folders: ['core', ...HUB_LAYERS.slice(0, 5)], packages: [] },
  { folder: 'hub/queue', folders: ['core'], packages: ['bullmq', 'ioredis'] },
  {
    folder: 'cli',
    folders: ['core', 'kube', ...['hub', 'cluster-agent', 'node-agent'].flatMap((each) => [`${each}/main.ts`, `${each}/flags.ts`])],
    packages: ['node:', 'commander', 'js-yaml', 'zod'],
  },
  { folder: 'tools', folders: ['core', 'tools'], packages: ['node:', 'js-yaml', 'esbuild', '@babel/parser', 'zod'] },
];

/** What is started, and so needs nobody who imports it. */
export const ENTRIES: readonly string[] = [
  'cli/main.ts',
  'tools/bundle/bundle.ts',
  'tools/generate/generate.ts',
  'tools/image/image.ts',
  'tools/lint/main.ts',
  'tools/release/release.ts',
];

/** Exports that nobody uses but that must be there. */
export const ALLOWED_EXPORTS: readonly Allowed[] = [];
