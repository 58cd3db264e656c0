/**
 * Endpoints of a Service where they run, and where they are mirrored, in the words of an explanation.
 */
import { LABEL } from '../../../core/api/names.js';
import type { KubeObject } from '../../../core/api/resources.js';
import { CUT_OFF } from '../../../core/explain/packetStop.js';
import type { EndpointFact } from '../../../core/explain/facts.js';
import { mirroredEndpoints } from '../../../core/explain/mirroredEndpoints.js';
import type { SliceRecord } from '../../../core/services/model.js';
import { cutOff } from '../../../core/services/cutOff.js';
import type { ExplainSources } from './explainSources.js';

const DRAINED = 'its member is drained';

export function sourceEndpoints(cluster: string, slices: readonly SliceRecord[]): EndpointFact[] {
  return slices.flatMap(({ endpoints }) =>
    endpoints.flatMap(({ addresses: [address], ready, serving, terminating, zone }) =>
      address === undefined
        ? []
        : [
            {
              address,
              cluster,
              state: ready !== false ? 'ready' : serving !== false && terminating === true ? 'terminating' : 'notReady',
              ...(zone !== undefined && { zone }),
            } as const,
          ],
    ),
  );
}

/** Of slices that the hub wrote into `importer`. */
export function standingEndpoints(
  importer: string,
  slices: readonly KubeObject[],
  { reachability, federation }: ExplainSources,
): EndpointFact[] {
  return slices.flatMap((slice) => {
    const exporter = slice.metadata.labels?.[LABEL.cluster] ?? '';
    const isCut = cutOff((federation.known(exporter) && reachability.of(importer, exporter)) ?? []);
    const drained = federation.member(exporter)?.terms().drained === true ? DRAINED : undefined;
    return mirroredEndpoints(slice, (address) => (isCut(address) ? CUT_OFF : drained));
  });
}
