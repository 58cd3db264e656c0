/**
 * Asks the hub for the state of the federation.
 */
import { type FederationStatus, federationStatusSchema } from '../core/api/status.js';
import { VERSION } from '../core/api/version.js';
import type { Result } from '../core/runtime/result.js';
import type { Cli } from './cli.js';
import type { HubFlags } from './hubFlags.js';
import { type HubReply, requestHub } from './requestHub.js';

/** The error says what went wrong and what to do. */
type Answer = Result<FederationStatus>;

const STATUS_PATH = '/api/v1/status';

export async function askHub(flags: HubFlags, cli: Pick<Cli, 'err' | 'kubeconfigs'>): Promise<Answer> {
  const reply = await requestHub({ method: 'GET', path: STATUS_PATH }, flags, cli);
  return reply.ok ? understand(reply.value) : reply;
}

function understand({ place, ...reply }: HubReply): Answer {
  if (reply.status !== 200) {
    return refuse(`${place} answered ${reply.status} to ${STATUS_PATH}. Is it a kilofed hub? Its log says more.`);
  }
  const json = parseJson(reply.body);
  const parsed = federationStatusSchema.safeParse(json);
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  return refuse(
    `${place} answered something that kilofed ${VERSION} does not understand ` +
      `(${issue?.path.join('.') || 'its body'}: ${issue?.message ?? 'not JSON'}). Use the kilofed of the hub's version.`,
  );
}

function refuse(error: string): Answer {
  return { ok: false, error };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
