/**
 * The explanation of a Service: the hub's, or where that cannot be asked, that of the objects of the cluster that the kubeconfig leads to.
 */
import { type Explanation, explanationSchema } from '../core/api/explanation.js';
import { VERSION } from '../core/api/version.js';
import { explain } from '../core/explain/explain.js';
import { localFacts } from '../core/explain/local/localFacts.js';
import { verdictOf } from '../core/explain/verdict.js';
import type { Result } from '../core/runtime/result.js';
import type { Cli } from './cli.js';
import type { HubFlags } from './hubFlags.js';
import { readLocalService } from './readLocalService.js';
import { type HubReply, requestHub } from './requestHub.js';
import type { ServiceName } from './serviceName.js';
import { withCluster } from './withCluster.js';

interface Asked extends HubFlags {
  /** The one member that somebody asks about. */
  readonly in?: string;
}

/** The error says what went wrong and what to do. */
export async function findExplanation(service: ServiceName, flags: Asked, cli: Cli): Promise<Result<Explanation>> {
  const { namespace, name } = service;
  const reply = await requestHub({ method: 'GET', path: `/api/v1/services/${namespace}/${name}` }, flags, cli);
  const read = reply.ok ? understand(reply.value) : reply;
  if (read.ok) return { ok: true, value: about(read.value, flags.in) };
  // Nobody but the hub knows of other members, and whoever names the hub means it.
  if (reply.ok || flags.hub !== undefined || flags.in !== undefined) return read;
  const objects = await withCluster(flags, cli, (client) => readLocalService(client, service));
  if (!objects.ok) return { ok: false, error: `${read.error}\nNor does the cluster tell it: ${objects.error}` };
  const explanation = explain(localFacts(objects.value));
  return { ok: true, value: { ...explanation, unseen: [`the hub: ${read.error}`, ...explanation.unseen] } };
}

/** With the verdict for the one member that is asked about. */
function about(explanation: Explanation, member: string | undefined): Explanation {
  if (member === undefined) return explanation;
  const { works: _works, first: _first, ...facts } = explanation;
  return { ...facts, ...verdictOf(facts, member) };
}

function understand({ place, status, body }: HubReply): Result<Explanation> {
  if (status !== 200) return { ok: false, error: `${place} answered ${status}${reasonIn(body)}. Is it a hub of version ${VERSION}?` };
  const parsed = explanationSchema.safeParse(parseJson(body));
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  const what = `${issue?.path.join('.') || 'its body'}: ${issue?.message ?? 'not JSON'}`;
  return {
    ok: false,
    error: `${place} answered something that kilofed ${VERSION} does not understand (${what}). Use the kilofed of the hub's version.`,
  };
}

function reasonIn(body: string): string {
  const json = parseJson(body);
  return typeof json === 'object' && json !== null && 'error' in json ? `: ${String(json.error)}` : '';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
