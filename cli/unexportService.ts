/**
 * Carries out `kilofed unexport service`: takes away what asks for the export, and waits until the hub has taken back its report.
 */
import { EXPORT_ANNOTATION } from '../core/api/exportNames.js';
import { type KubeObject, RESOURCE } from '../core/api/resources.js';
import { isHubs } from '../core/observed/ownership.js';
import { pause } from '../core/runtime/pause.js';
import type { Result } from '../core/runtime/result.js';
import type { KubeClient } from '../kube/wire/client.js';
import { systemClock } from '../kube/wire/systemClock.js';
import { type Cli, EXIT } from './cli.js';
import { annotate, deleteExport, type Exported, readExported } from './exportedService.js';
import type { UnexportFlags } from './exportFlags.js';
import type { ServiceName } from './serviceName.js';
import { withCluster } from './withCluster.js';

interface Done {
  readonly service: string;
  /** What was taken away. */
  readonly removed: readonly string[];
  /** Absent: it was not waited for. */
  readonly ended?: boolean;
}

const PERIOD_MS = 250;

export async function unexportService(service: ServiceName, flags: UnexportFlags, cli: Cli): Promise<number> {
  const done = await withCluster(flags, cli, (client) => carryOut(client, service, flags, cli));
  if (!done.ok) {
    cli.err(`kilofed: ${done.error}\n`);
    return EXIT.failed;
  }
  const { service: name, removed, ended } = done.value;
  if (flags.output === 'json') cli.out(`${JSON.stringify(done.value, undefined, 2)}\n`);
  else if (ended !== false)
    cli.out(
      flags.dryRun === true
        ? `the API server would take away ${removed.join(' and ')} of ${name}\n`
        : `${name} is not exported any more: ${removed.join(' and ')} ${removed.length === 1 ? 'was' : 'were'} taken away\n`,
    );
  if (ended !== false) return EXIT.fine;
  cli.err(`kilofed: it is written, and the hub still reports on the export of ${name}: kilofed explain service ${name}\n`);
  return EXIT.problems;
}

async function carryOut(client: KubeClient, service: ServiceName, flags: UnexportFlags, cli: Cli): Promise<Result<Done>> {
  const name = `${service.namespace}/${service.name}`;
  const read = await readExported(client, service);
  if (!read.ok) return read;
  const { service: object, serviceExport, isHubsReport } = read.value;
  const annotated = object !== undefined && !isHubs('service', object) && asks(object.metadata.annotations);
  const theirs = isHubsReport ? undefined : serviceExport;
  if (!annotated && theirs === undefined) return { ok: false, error: notExported(name, read.value) };
  const dryRun = flags.dryRun === true;
  const written = await takeAway(client, { annotated: annotated ? object : undefined, theirs, dryRun });
  if (!written.ok) return written;
  const removed = [
    ...(annotated ? [`the annotation ${EXPORT_ANNOTATION.export}`] : []),
    ...(theirs === undefined ? [] : ['its ServiceExport']),
  ];
  const ended = flags.wait && !dryRun ? await awaitEnd(client, service, flags, cli) : undefined;
  return { ok: true, value: { service: name, removed, ...(ended !== undefined && { ended }) } };
}

interface Asking {
  readonly annotated: KubeObject | undefined;
  readonly theirs: KubeObject | undefined;
  readonly dryRun: boolean;
}

async function takeAway(client: KubeClient, { annotated, theirs, dryRun }: Asking): Promise<Result<void>> {
  if (annotated !== undefined) {
    const change = { [EXPORT_ANNOTATION.export]: null, [EXPORT_ANNOTATION.exportTo]: null };
    const written = await annotate(client, { resource: RESOURCE.service, object: annotated, dryRun }, change);
    if (!written.ok) return written;
  }
  return theirs === undefined ? { ok: true, value: undefined } : deleteExport(client, theirs, dryRun);
}

function asks(annotations: Readonly<Record<string, string>> = {}): boolean {
  return [EXPORT_ANNOTATION.export, EXPORT_ANNOTATION.exportTo].some(
    (key) => annotations[key] !== undefined && annotations[key] !== 'false',
  );
}

function notExported(name: string, { service, isHubsReport }: Exported): string {
  if (service === undefined) return `there is no Service ${name} here: name its cluster with --context`;
  return isHubsReport
    ? `${name} is exported by its namespace: annotate the Service ${EXPORT_ANNOTATION.export}=false, or change the namespace`
    : `${name} is not exported here`;
}

async function awaitEnd(client: KubeClient, service: ServiceName, { timeout }: UnexportFlags, cli: Cli): Promise<boolean> {
  const start = systemClock.now();
  for (;;) {
    const read = await readExported(client, service);
    if (read.ok && read.value.serviceExport === undefined) return true;
    if (systemClock.now() - start >= timeout || cli.signal.aborted) return false;
    await pause(PERIOD_MS, cli.signal, systemClock);
  }
}
