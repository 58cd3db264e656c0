/**
 * Asks the hub for the state of the federation: at its own address, or through the API server of its home cluster.
 */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { dirname, resolve } from 'node:path';
import { isNativeError } from 'node:util/types';
import { type FederationStatus, federationStatusSchema } from '../core/api/status.js';
import type { Cli } from './cli.js';
import type { HubFlags } from './hubFlags.js';
import { VERSION } from '../core/api/version.js';

/** `message` says what went wrong and what to do. */
export type Answer = { readonly ok: true; readonly status: FederationStatus } | { readonly ok: false; readonly message: string };

type Reply = { readonly ok: true; readonly status: number; readonly body: string } | { readonly ok: false; readonly error: string };

const STATUS_PATH = '/api/v1/status';
const HUB_SERVICE = 'kilofed-hub';
const HUB_PORT = 8080;
const TIMEOUT_MS = 15_000;
const SLOW_MS = 2_000;
/** 500 members with 5000 nodes take 5 MB. */
const BODY_LIMIT = 64 * 1024 * 1024;

export async function askHub(flags: HubFlags, cli: Pick<Cli, 'err' | 'kubeconfigs'>): Promise<Answer> {
  const place = flags.hub === undefined ? `service ${flags.namespace}/${HUB_SERVICE}` : flags.hub;
  const slow = setTimeout(() => cli.err(`kilofed: still waiting for the hub at ${place}\n`), SLOW_MS);
  try {
    return flags.hub === undefined ? await askCluster(flags, cli.kubeconfigs) : await askUrl(flags.hub);
  } finally {
    clearTimeout(slow);
  }
}

async function askUrl(hub: string): Promise<Answer> {
  const reply = await get(new URL(`${hub.replace(/\/+$/, '')}${STATUS_PATH}`));
  if (!reply.ok) return refuse(`no answer from the hub at ${hub}: ${reply.error}. Is the hub running, and is this its HTTP address?`);
  return understand(reply, hub);
}

async function askCluster(flags: HubFlags, kubeconfigs: readonly string[]): Promise<Answer> {
  const { findKubeconfig } = await import('./findKubeconfig.js');
  const { getThroughService } = await import('../kube/config/throughService.js');
  const file = await findKubeconfig(flags, kubeconfigs);
  if ('complaint' in file) return refuse(`${file.complaint}. Name that of the cluster the hub runs in with --kubeconfig, or the hub itself with --hub http://host:port.`);
  const place = `service ${flags.namespace}/${HUB_SERVICE}`;
  const reply = await getThroughService(file.text, {
    namespace: flags.namespace,
    service: HUB_SERVICE,
    port: HUB_PORT,
    path: STATUS_PATH,
    directory: dirname(resolve(file.path)),
    timeoutMs: TIMEOUT_MS,
    ...(flags.context !== undefined && { context: flags.context }),
  });
  if (reply.ok) return understand(reply, place);
  return refuse(
    `could not reach ${place} with ${file.path}: ${reply.error}. ` +
      'Is this the cluster the hub runs in (--context), and the namespace (--namespace)? ' +
      `kubectl --namespace ${flags.namespace} get pods tells whether it runs; --hub http://host:port asks it directly.`,
  );
}

function understand(reply: { readonly status: number; readonly body: string }, place: string): Answer {
  if (reply.status !== 200) {
    return refuse(`${place} answered ${reply.status} to ${STATUS_PATH}. Is it a kilofed hub? Its log says more.`);
  }
  const json = parseJson(reply.body);
  const parsed = federationStatusSchema.safeParse(json);
  if (parsed.success) return { ok: true, status: parsed.data };
  const [issue] = parsed.error.issues;
  return refuse(
    `${place} answered something that kilofed ${VERSION} does not understand ` +
      `(${issue?.path.join('.') || 'its body'}: ${issue?.message ?? 'not JSON'}). Use the kilofed of the hub's version.`,
  );
}

function refuse(message: string): Answer {
  return { ok: false, message };
}

function get(url: URL): Promise<Reply> {
  return new Promise((answer) => {
    const fail = (error: unknown): void => answer({ ok: false, error: reason(error) });
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const outgoing = send(url, { signal: AbortSignal.timeout(TIMEOUT_MS), headers: { accept: 'application/json' } }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > BODY_LIMIT) response.destroy(new Error(`its answer is larger than ${BODY_LIMIT} bytes`));
        else chunks.push(chunk);
      });
      response.on('error', fail);
      response.on('end', () => answer({ ok: true, status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }));
    });
    outgoing.on('error', fail);
    outgoing.end();
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A connection to a name with several addresses fails with an AggregateError, whose own message is empty. */
function reason(error: unknown): string {
  if (!isNativeError(error)) return String(error);
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`;
  const message = error instanceof AggregateError ? error.errors.map(reason).join('; ') : error.message;
  return message.split('\n', 1)[0] ?? message;
}
