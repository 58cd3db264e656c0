/**
 * When an object was changed, as it says itself: for EndpointSlices of Kubernetes when the pod or the Service changed that they follow
 * (`endpoints.kubernetes.io/last-change-trigger-time`), else when any of its fields was written last, which has a resolution of a second.
 */

const TRIGGER = 'endpoints.kubernetes.io/last-change-trigger-time';
/** kube-controller-manager writes within that time of what it follows. What is older is of another change. */
const TRIGGERED_MS = 60_000;
/** A member may send as many as it likes. */
const MOST_MANAGERS = 100;

/** Milliseconds since 1970, by the clocks of its cluster. Undefined: it does not say. */
export function changedAt(object: unknown): number | undefined {
  const { annotations, managedFields } = fieldsOf(fieldsOf(object)['metadata']);
  const writes = Array.isArray(managedFields) ? managedFields.slice(0, MOST_MANAGERS).map((each) => timeOf(fieldsOf(each)['time'])) : [];
  const written = Math.max(...writes.map((time) => time ?? Number.NEGATIVE_INFINITY));
  const triggered = timeOf(fieldsOf(annotations)[TRIGGER]);
  if (triggered !== undefined && (written === Number.NEGATIVE_INFINITY || triggered > written - TRIGGERED_MS)) return triggered;
  return written === Number.NEGATIVE_INFINITY ? undefined : written;
}

function timeOf(value: unknown): number | undefined {
  const time = typeof value === 'string' && value.length <= 64 ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
