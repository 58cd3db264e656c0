/**
 * Carries out `kilofed export service`: looks first, writes the annotations or the ServiceExport, and follows what the hub says of it.
 */
import { EXPORT_ANNOTATION } from '../core/api/exportNames.js';
import { problemText } from '../core/api/problem.js';
import { RESOURCE } from '../core/api/resources.js';
import { isHubs } from '../core/observed/ownership.js';
import type { Result } from '../core/runtime/result.js';
import { exportRequest } from '../core/services/annotations.js';
import type { KubeClient } from '../kube/wire/client.js';
import { type Cli, EXIT } from './cli.js';
import { annotate, createExport, type Exported, readExported } from './exportedService.js';
import type { ExportFlags } from './exportFlags.js';
import { type Followed, followExport } from './followExport.js';
import type { ServiceName } from './serviceName.js';
import { withCluster } from './withCluster.js';

interface Done extends Followed {
  readonly service: string;
  readonly by: 'annotation' | 'serviceExport';
  /** What was written; null: taken away. */
  readonly annotations: Readonly<Record<string, string | null>>;
}

export async function exportService(service: ServiceName, flags: ExportFlags, cli: Cli): Promise<number> {
  const done = await withCluster(flags, cli, (client) => carryOut(client, service, flags, cli));
  if (!done.ok) {
    cli.err(`kilofed: ${done.error}\n`);
    return EXIT.failed;
  }
  const { ready, message } = done.value;
  if (flags.output === 'json') cli.out(`${JSON.stringify(done.value, undefined, 2)}\n`);
  else if (ready !== false)
    cli.out(`${done.value.service} ${flags.dryRun === true ? 'could be exported' : 'is exported'}${textOf(message)}\n`);
  if (ready !== false) return EXIT.fine;
  cli.err(`kilofed: it is written, and ${done.value.service} is not exported as it asks yet${textOf(message)}\n`);
  return EXIT.problems;
}

function textOf(message: string): string {
  return message === '' ? '' : `: ${message}`;
}

async function carryOut(client: KubeClient, service: ServiceName, flags: ExportFlags, cli: Cli): Promise<Result<Done>> {
  const name = `${service.namespace}/${service.name}`;
  const read = await readExported(client, service);
  if (!read.ok) return read;
  const by = flags.mcs === true ? 'serviceExport' : 'annotation';
  const annotations = annotationsOf(flags);
  const refusal = refusalOf(name, { found: read.value, by, annotations });
  if (refusal !== undefined) return { ok: false, error: refusal };
  const written = await write(client, service, { found: read.value, by, annotations, dryRun: flags.dryRun === true });
  if (!written.ok) return written;
  const isFollowed = flags.wait && flags.dryRun !== true;
  const followed = isFollowed ? await followExport(client, service, { ...flags, before: read.value.serviceExport }, cli) : { message: '' };
  return { ok: true, value: { service: name, by, annotations, ...followed } };
}

/** Null takes one away. What no flag names stays. */
function annotationsOf({ to, ownName, affinity, prefer, weights, endpoints, mcs }: ExportFlags): Readonly<Record<string, string | null>> {
  const said: readonly (readonly [string, string | undefined])[] = [
    [EXPORT_ANNOTATION.exportTo, to],
    [EXPORT_ANNOTATION.ownName, ownName],
    [EXPORT_ANNOTATION.affinity, affinity],
    [EXPORT_ANNOTATION.prefer, prefer],
    [EXPORT_ANNOTATION.weights, weights],
    [EXPORT_ANNOTATION.endpoints, endpoints],
  ];
  return {
    ...(mcs !== true && { [EXPORT_ANNOTATION.export]: 'true' }),
    ...Object.fromEntries(said.flatMap(([key, value]) => (value === undefined ? [] : [[key, value === '' ? null : value]]))),
  };
}

interface Wanted {
  readonly found: Exported;
  readonly by: 'annotation' | 'serviceExport';
  readonly annotations: Readonly<Record<string, string | null>>;
}

/** Why nothing is written, and what to do. Undefined: it may be. */
function refusalOf(name: string, wanted: Wanted): string | undefined {
  const { found, by } = wanted;
  const { service } = found;
  if (service === undefined) return `there is no Service ${name} here: create it, or name its cluster with --context`;
  if (isHubs('service', service)) return `${name} is a mirror of what another member exports: export it where its pods run`;
  if (service.spec?.type === 'ExternalName') return `${name} is of type ExternalName, which has no endpoints to export`;
  const taken = by === 'serviceExport' ? exportTaken(name, found) : undefined;
  return taken ?? complaintsOf(wanted);
}

/** Why a ServiceExport would not be what exports it. */
function exportTaken(name: string, { service, isHubsReport }: Exported): string | undefined {
  const first = `kilofed unexport service ${name} first`;
  if (service?.metadata.annotations?.[EXPORT_ANNOTATION.export] !== undefined)
    return `${name} has the annotation ${EXPORT_ANNOTATION.export}, which counts before a ServiceExport: ${first}`;
  return isHubsReport ? `${name} is exported without a ServiceExport of its own, and that of the hub has its name: ${first}` : undefined;
}

/** What the hub would complain of. */
function complaintsOf({ found: { service, serviceExport, isHubsReport }, by, annotations }: Wanted): string | undefined {
  const own = service?.metadata.annotations ?? {};
  const theirs = isHubsReport ? undefined : serviceExport?.metadata.annotations;
  const asked = by === 'serviceExport' ? changed(theirs ?? {}, annotations) : theirs;
  const request = exportRequest(by === 'annotation' ? changed(own, annotations) : own, asked === undefined ? {} : { serviceExport: asked });
  const complaints = request?.complaints.map(problemText) ?? [];
  return complaints.length === 0 ? undefined : complaints.join('; ');
}

function changed(before: Readonly<Record<string, string>>, change: Wanted['annotations']): Record<string, string> {
  return Object.fromEntries(Object.entries({ ...before, ...change }).flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
}

function write(client: KubeClient, service: ServiceName, wanted: Wanted & { readonly dryRun: boolean }): Promise<Result<void>> {
  const { found, by, annotations, dryRun } = wanted;
  if (by === 'annotation') {
    if (found.service === undefined) throw new Error('it was there');
    return annotate(client, { resource: RESOURCE.service, object: found.service, dryRun }, annotations);
  }
  if (found.serviceExport === undefined) return createExport(client, { ...service, dryRun }, changed({}, annotations));
  return annotate(client, { resource: RESOURCE.serviceExport, object: found.serviceExport, dryRun }, annotations);
}
