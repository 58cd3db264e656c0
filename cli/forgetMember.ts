/**
 * Tells the hub that a member has left for good, so that it deletes what came from it in the others.
 */
import type { Result } from '../core/runtime/result.js';
import type { Cli } from './cli.js';
import type { HubFlags } from './hubFlags.js';
import { requestHub } from './requestHub.js';

interface Refusal {
  /** The hub knows no member of that name. */
  readonly isUnknown: boolean;
  /** Why the hub does not, or could not be asked. */
  readonly message: string;
}

const CONFLICT = 409;
const UNKNOWN = 404;
const TRIES = 4;
const PAUSE_MS = 500;

export async function forgetMember(
  name: string,
  flags: HubFlags,
  cli: Pick<Cli, 'err' | 'kubeconfigs'>,
): Promise<Result<undefined, Refusal>> {
  const ask = (): ReturnType<typeof requestHub> =>
    requestHub({ method: 'DELETE', path: `/api/v1/members/${encodeURIComponent(name)}` }, flags, cli);
  let reply = await ask();
  // A Secret that was deleted just now is declared until the hub has heard of it.
  for (let tries = 1; reply.ok && reply.value.status === CONFLICT && tries < TRIES; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    reply = await ask();
  }
  if (!reply.ok) return { ok: false, error: { isUnknown: false, message: reply.error } };
  const { status, body } = reply.value;
  if (status === 200) return { ok: true, value: undefined };
  const said = errorIn(body);
  const message = said ?? `the hub answered ${status}: it may be of an earlier version, which forgets by itself`;
  return { ok: false, error: { isUnknown: status === UNKNOWN && said !== undefined, message } };
}

/** Undefined: that is no answer of a hub of this version. */
function errorIn(body: string): string | undefined {
  try {
    const { error } = JSON.parse(body) as { readonly error?: unknown };
    return typeof error === 'string' ? error : undefined;
  } catch {
    return undefined;
  }
}
