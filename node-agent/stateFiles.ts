/**
 * What the agent remembers over a restart, in its state folder, mode 0600: the endpoints it wrote (`state.json`), and the
 * last inputs (`inputs.json`), from which it can plan while no API server answers. Preshared keys of peers are among them.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { nodesMeshSchema } from '../core/api/meshSpec.js';
import { meshNodeSchema } from '../core/api/meshNode.js';
import { peerSchema } from '../core/api/peer.js';
import { nodeSchema } from '../core/host/discover.js';
import type { EndpointMemory } from '../core/host/endpoints.js';
import type { Clock } from '../core/runtime/clock.js';
import type { Log } from '../core/runtime/log.js';
import type { ClusterInputs } from './inputs.js';

export interface SavedInputs {
  /** Without what is exported: it may have changed since, and until it is known again, nothing is. */
  readonly inputs: Omit<ClusterInputs, 'exported'>;
  readonly resolved: Readonly<Record<string, string>>;
  /** Addresses of the API server. */
  readonly apiServers?: readonly string[] | undefined;
}

export interface StateFiles {
  loadEndpoints(): Promise<EndpointMemory>;
  saveEndpoints(memory: EndpointMemory): Promise<void>;
  /** Undefined: nothing was saved, or nothing of use. */
  loadInputs(): Promise<SavedInputs | undefined>;
  saveInputs(saved: SavedInputs): Promise<void>;
  remove(): Promise<void>;
}

const endpointsSchema = z.object({ endpoints: z.record(z.string(), z.string()) });
const inputsSchema = z.object({
  inputs: z.object({
    mesh: nodesMeshSchema.optional(),
    node: nodeSchema.optional(),
    meshNodes: z.array(meshNodeSchema),
    peers: z.array(peerSchema),
  }),
  resolved: z.record(z.string(), z.string()),
  apiServers: z.array(z.string()).optional(),
});

export function createStateFiles(folder: string, log: Log): StateFiles {
  const endpoints = join(folder, 'state.json');
  const inputs = join(folder, 'inputs.json');
  return {
    loadEndpoints: async () => new Map(Object.entries((await load(endpoints, endpointsSchema, log))?.endpoints ?? {})),
    saveEndpoints: (memory) => save(endpoints, { endpoints: Object.fromEntries(memory) }),
    async loadInputs() {
      const saved = await load(inputs, inputsSchema, log);
      return saved === undefined ? undefined : { ...saved, inputs: { mesh: undefined, node: undefined, ...saved.inputs } };
    },
    saveInputs: (saved) => save(inputs, saved),
    remove: async () => {
      await Promise.all([endpoints, inputs].map((file) => rm(file, { force: true })));
    },
  };
}

/**
 * Saves inputs that differ from the last saved: the first at once, so that an agent that is killed soon does not start from old
 * ones, and then the latest at most every 2 s.
 */
export function createInputsSaver(
  files: Pick<StateFiles, 'saveInputs'>,
  deps: { readonly clock: Clock; readonly log: Log },
): (saved: SavedInputs) => void {
  let latest: SavedInputs | undefined;
  let written = '';
  let resting = false;
  const write = (): void => {
    const saved = latest;
    latest = undefined;
    resting = false;
    if (saved === undefined) return;
    const text = JSON.stringify(saved);
    if (text === written) return;
    written = text;
    resting = true;
    deps.clock.after(SAVE_MS, write);
    files
      .saveInputs(saved)
      .catch((error: unknown) => deps.log.warn('The inputs could not be saved for a start without API server', { error }));
  };
  return (saved) => {
    latest = saved;
    if (!resting) write();
  };
}

const SAVE_MS = 2000;

/** A file that cannot be used is no reason to stop: all of it can be had again. */
async function load<T>(file: string, schema: z.ZodType<T>, log: Log): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    log.warn('A state file is of no use and is ignored', { file });
    return undefined;
  }
}

async function save(file: string, value: unknown): Promise<void> {
  const part = `${file}.part`;
  await mkdir(join(file, '..'), { recursive: true, mode: 0o700 });
  await writeFile(part, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  await rename(part, file);
}
