/**
 * The ports that exporters have in a standing mirror while their EndpointSlices do not follow those of their Service yet.
 *
 * A port without endpoints must not take the place of one with some. The exporter that decides is waited for; of the others each keeps what
 * it had, for a bounded time, so that none can hold up the rest.
 */
import { LABEL } from '../../../core/api/names.js';
import type { KubeObject } from '../../../core/api/resources.js';
import type { Exporter, Standing } from '../../../core/services/importParts.js';
import type { ServicePort } from '../../../core/services/model.js';
import { nameOfNameless } from '../../../core/services/serviceShape.js';
import { laggingExporters } from '../../../core/services/slicesLag.js';
import type { BoundedWait } from '../boundedWait.js';
import type { ObservedMirror } from './standingMirror.js';

interface PortsBefore {
  readonly exporters: readonly Exporter[];
  /** When the first of them is waited for no longer, milliseconds. Undefined: none is. */
  readonly lagMs?: number;
}

export function withPortsBefore(
  service: string,
  exporters: readonly Exporter[],
  { mirror, standing, wait }: { readonly mirror: ObservedMirror; readonly standing: Standing; readonly wait: BoundedWait },
): PortsBefore {
  const lagging = mirror.services.length === 0 ? [] : laggingExporters(exporters);
  const leftMs = new Map(lagging.map((id) => [id, wait.remainingMs(waitKey(service, id))]));
  for (const id of new Set([...standing.exporters, ...exporters.map((each) => each.service.cluster)]))
    if (!leftMs.has(id)) wait.end(waitKey(service, id));
  const waiting = [...leftMs.values()].filter((ms) => ms > 0);
  return {
    exporters: exporters.map((each) => {
      const id = each.service.cluster;
      return (leftMs.get(id) ?? 0) === 0 ? each : { ...each, portsBefore: portsIn(mirror, standing, id) };
    }),
    ...(waiting.length > 0 && { lagMs: Math.min(...waiting) }),
  };
}

/** The decider of a service waits under the service's own name. */
function waitKey(service: string, id: string): string {
  return `${service} of ${id}`;
}

/** What a member publishes in a mirror. */
function portsIn({ slices }: ObservedMirror, { shape }: Standing, id: string): readonly ServicePort[] {
  if (shape === undefined) return [];
  const published = new Set(
    slices
      .filter(({ metadata }) => metadata.labels?.[LABEL.cluster] === id)
      .flatMap((slice: WithPorts) => slice.ports ?? [])
      .map(({ name, protocol }) => `${protocol ?? 'TCP'}/${name ?? ''}`),
  );
  const nameless = nameOfNameless(shape);
  return shape.ports.filter(({ name, protocol }) => published.has(`${protocol}/${name === '' ? nameless : name}`));
}

interface WithPorts extends KubeObject {
  readonly ports?: readonly { readonly name?: string; readonly protocol?: string }[] | null;
}
