/**
 * Follows what the hub says of an export, in the conditions of its ServiceExport, until it is exported or will not be.
 */
import { DEFAULT_NAMESPACE, HUB_LEASE } from '../core/api/names.js';
import { RESOURCE } from '../core/api/resources.js';
import { pause } from '../core/runtime/pause.js';
import { getObject } from '../kube/wire/apply.js';
import type { KubeClient } from '../kube/wire/client.js';
import { systemClock } from '../kube/wire/systemClock.js';
import type { Cli } from './cli.js';
import type { ExportObject } from './exportedService.js';
import type { ServiceName } from './serviceName.js';

export interface Followed {
  /** Absent: it was not waited for. */
  readonly ready?: boolean;
  /** What the hub says. */
  readonly message: string;
}

interface Following {
  /** Milliseconds. */
  readonly timeout: number;
  /** The ServiceExport before anything was written. */
  readonly before: ExportObject | undefined;
}

const PERIOD_MS = 250;
/** What the hub said of an export before counts as said of it now, if it says nothing else for so long. */
const SETTLED_MS = 2_000;
const PROGRESS_MS = 2_000;

export async function followExport(client: KubeClient, service: ServiceName, { timeout, before }: Following, cli: Cli): Promise<Followed> {
  const start = systemClock.now();
  let told = start;
  for (;;) {
    const said = await look(client, service);
    const waited = systemClock.now() - start;
    const isNews = said.version !== before?.metadata.resourceVersion || waited >= SETTLED_MS;
    if (isNews && (said.ready === true || said.isFinal)) return { ready: said.ready === true, message: said.message };
    if (waited >= timeout || cli.signal.aborted)
      return { ready: false, message: said.version === undefined ? await whyNothing(client) : said.message };
    if (systemClock.now() - told >= PROGRESS_MS) {
      cli.err(`kilofed: waiting for the hub${said.message === '' ? '' : `: ${said.message}`}\n`);
      told = systemClock.now();
    }
    await pause(PERIOD_MS, cli.signal, systemClock);
  }
}

interface Said {
  readonly version: string | undefined;
  readonly ready: boolean | undefined;
  /** Nothing but a change of the Service helps. */
  readonly isFinal: boolean;
  readonly message: string;
}

async function look(client: KubeClient, { namespace, name }: ServiceName): Promise<Said> {
  const read = await getObject<ExportObject>(client, { resource: RESOURCE.serviceExport, namespace, name });
  if (!read.ok)
    return { version: undefined, ready: undefined, isFinal: false, message: read.error.kind === 'notFound' ? '' : read.error.message };
  const version = read.value.metadata.resourceVersion;
  const of = (type: string) => read.value.status?.conditions?.find((each) => each.type === type);
  const [valid, ready] = [of('Valid'), of('Ready')];
  if (valid?.status === 'False') return { version, ready: false, isFinal: true, message: `${valid.reason}: ${valid.message}` };
  if (ready === undefined) return { version, ready: undefined, isFinal: false, message: '' };
  const isFinal = ready.status === 'False' && ready.reason !== 'Pending';
  if (ready.status !== 'True') return { version, ready: false, isFinal, message: `${ready.reason}: ${ready.message}` };
  // What does not keep it from being exported, such as a name of a member that there is not.
  const notes = [ready.message, valid?.message ?? ''].filter((text) => text !== '');
  return { version, ready: true, isFinal, message: notes.join('; ') };
}

/** Why nobody has said anything. */
async function whyNothing(client: KubeClient): Promise<string> {
  const lease = await getObject(client, { resource: RESOURCE.lease, namespace: DEFAULT_NAMESPACE, name: HUB_LEASE });
  const isNone = !lease.ok && lease.error.kind === 'notFound';
  return isNone
    ? `no hub has ever written into this cluster: it has no Lease ${DEFAULT_NAMESPACE}/${HUB_LEASE}. Is it a member?`
    : `the hub has said nothing of it: kubectl -n ${DEFAULT_NAMESPACE} get lease ${HUB_LEASE} -o yaml tells when it was here last`;
}
