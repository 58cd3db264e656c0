/**
 * One HTTP request to the hub: at its own address, or through the API server of its home cluster.
 */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { dirname, resolve } from 'node:path';
import { isNativeError } from 'node:util/types';
import { HUB_SERVICE } from '../core/api/names.js';
import { MISDIRECTED, type StandbyAnswer } from '../core/api/status.js';
import type { Result } from '../core/runtime/result.js';
import type { Cli } from './cli.js';
import type { HubFlags } from './hubFlags.js';

export interface HubReply {
  /** HTTP status. */
  readonly status: number;
  readonly body: string;
  /** Who was asked, for messages. */
  readonly place: string;
}

interface HubRequest {
  readonly method: 'GET' | 'DELETE';
  readonly path: string;
}

type Reply = Omit<HubReply, 'place'>;

const HUB_PORT = 8080;
const TIMEOUT_MS = 15_000;
const SLOW_MS = 2_000;
/** 500 members with 5000 nodes take 5 MB. */
const BODY_LIMIT = 64 * 1024 * 1024;

/** The error says what went wrong and what to do. */
export async function requestHub(asked: HubRequest, flags: HubFlags, cli: Pick<Cli, 'err' | 'kubeconfigs'>): Promise<Result<HubReply>> {
  const place = flags.hub ?? `service ${flags.namespace}/${HUB_SERVICE}`;
  const slow = setTimeout(() => cli.err(`kilofed: still waiting for the hub at ${place}\n`), SLOW_MS);
  try {
    const reply = flags.hub === undefined ? await askCluster(asked, flags, cli.kubeconfigs) : await askUrl(asked, flags.hub);
    return reply.ok ? { ok: true, value: { ...reply.value, place } } : reply;
  } finally {
    clearTimeout(slow);
  }
}

async function askUrl(asked: HubRequest, hub: string): Promise<Result<Reply>> {
  const reply = await send(asked.method, new URL(`${hub.replace(/\/+$/, '')}${asked.path}`));
  if (reply.ok && reply.value.status === MISDIRECTED) {
    const active = activeHub(reply.value);
    return refuse(active === undefined ? STANDING_BY : `the hub at ${hub} stands by: ask the active one, ${active}`);
  }
  if (reply.ok) return reply;
  return refuse(`no answer from the hub at ${hub}: ${reply.error}. Is the hub running, and is this its HTTP address?`);
}

async function askCluster({ method, path }: HubRequest, flags: HubFlags, kubeconfigs: readonly string[]): Promise<Result<Reply>> {
  const { findKubeconfig } = await import('./findKubeconfig.js');
  const { askThroughService } = await import('../kube/config/throughService.js');
  const file = await findKubeconfig(flags, kubeconfigs);
  if (!file.ok)
    return refuse(
      `${file.error}. Name that of the cluster the hub runs in with --kubeconfig and --context, ` +
        'or the hub itself with --hub http://host:port.',
    );
  const place = `service ${flags.namespace}/${HUB_SERVICE}`;
  const askPod = (pod?: string): Promise<Result<Reply>> =>
    askThroughService(file.value.text, {
      namespace: flags.namespace,
      service: HUB_SERVICE,
      port: HUB_PORT,
      method,
      path,
      directory: dirname(resolve(file.value.path)),
      timeoutMs: TIMEOUT_MS,
      ...(pod !== undefined && { pod }),
      ...(flags.context !== undefined && { context: flags.context }),
    });
  const first = await askPod();
  const active = first.ok ? activeHub(first.value) : undefined;
  const reply = active === undefined ? first : await askPod(active);
  if (reply.ok && reply.value.status === MISDIRECTED) return refuse(STANDING_BY);
  if (reply.ok) return reply;
  if (active !== undefined)
    return refuse(
      `could not reach the active hub, pod ${flags.namespace}/${active}: ${reply.error}. ` +
        'Another one takes over within some ten seconds: ask again.',
    );
  return refuse(
    `could not reach ${place} with ${file.value.path}: ${reply.error}. ` +
      'Is this the cluster the hub runs in (--context), and the namespace (--namespace)? ' +
      `kubectl --namespace ${flags.namespace} get pods tells whether it runs; --hub http://host:port asks it directly.`,
  );
}

const STANDING_BY = 'the hub that answered stands by, and there is no active one just now: ask again in a few seconds';

/** Of a hub that stands by: the pod to ask instead. */
function activeHub({ status, body }: Reply): string | undefined {
  if (status !== MISDIRECTED) return undefined;
  try {
    const { active } = JSON.parse(body) as Partial<StandbyAnswer>;
    return typeof active === 'string' && POD.test(active) ? active : undefined;
  } catch {
    return undefined;
  }
}

const POD = /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/;

function refuse(error: string): Result<never> {
  return { ok: false, error };
}

function send(method: HubRequest['method'], url: URL): Promise<Result<Reply>> {
  return new Promise((answer) => {
    const fail = (error: unknown): void => answer({ ok: false, error: reason(error) });
    const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const outgoing = start(
      url,
      { method, signal: AbortSignal.timeout(TIMEOUT_MS), headers: { accept: 'application/json' } },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > BODY_LIMIT) response.destroy(new Error(`its answer is larger than ${BODY_LIMIT} bytes`));
          else chunks.push(chunk);
        });
        response.on('error', fail);
        response.on('end', () =>
          answer({ ok: true, value: { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') } }),
        );
      },
    );
    outgoing.on('error', fail);
    outgoing.end();
  });
}

/** A connection to a name with several addresses fails with an AggregateError, whose own message is empty. */
function reason(error: unknown): string {
  if (!isNativeError(error)) return String(error);
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`;
  const message = error instanceof AggregateError ? error.errors.map(reason).join('; ') : error.message;
  return message.split('\n', 1)[0] ?? message;
}
