/**
 * Endpoints of a Service where they run, and where they are mirrored, in the words of an explanation.
 */
import { LABEL } from '../../../core/api/names.js';
import { type KubeObject, objectKey } from '../../../core/api/resources.js';
import { CUT_OFF } from '../../../core/explain/packetStop.js';
import { DRAINED } from '../../../core/explain/whyNotChosen.js';
import type { EndpointFact } from '../../../core/explain/facts.js';
import { mirroredEndpoints } from '../../../core/explain/mirroredEndpoints.js';
import type { SliceRecord } from '../../../core/services/model.js';
import { cutOff } from '../../../core/services/cutOff.js';
import { timestamp } from '../../../kube/wire/timestamp.js';
import type { MemberRecords } from '../../records/memberRecords.js';
import type { ExplainSources } from './explainSources.js';

export function sourceEndpoints({ id, records }: Where, slices: readonly SliceRecord[]): EndpointFact[] {
  return slices.flatMap(({ namespace, name, endpoints }) => {
    const since = sinceOf(records, `${namespace}/${name}`);
    return endpoints.flatMap(({ addresses: [address], ready, serving, terminating, zone }) =>
      address === undefined
        ? []
        : [
            {
              address,
              cluster: id,
              state: ready !== false ? 'ready' : serving !== false && terminating === true ? 'terminating' : 'notReady',
              ...(zone !== undefined && { zone }),
              ...(since !== undefined && { since }),
            } as const,
          ],
    );
  });
}

/** The member whose API server has the slices. */
interface Where {
  readonly id: string;
  readonly records: Pick<MemberRecords, 'sliceChangedAt'>;
}

function sinceOf(records: Where['records'], slice: string): string | undefined {
  const at = records.sliceChangedAt(slice);
  return at === undefined ? undefined : timestamp(at);
}

/** Of slices that the hub wrote into a member. */
export function standingEndpoints(
  { id, records }: Where,
  slices: readonly KubeObject[],
  { reachability, federation }: ExplainSources,
): EndpointFact[] {
  return slices.flatMap((slice) => {
    const exporter = slice.metadata.labels?.[LABEL.cluster] ?? '';
    const isCut = cutOff((federation.known(exporter) && reachability.of(id, exporter)) ?? []);
    const drained = federation.member(exporter)?.terms().drained === true ? DRAINED : undefined;
    const since = sinceOf(records, objectKey(slice.metadata));
    return mirroredEndpoints(slice, (address) => (isCut(address) ? CUT_OFF : drained), since);
  });
}
