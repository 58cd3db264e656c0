/**
 * Whether an object has everything we want of it, whatever else it has: the question server-side apply answers with a
 * request, answered without one.
 *
 * Maps may hold more keys than wanted, since other managers own fields too; lists must match item by item, since all that
 * we write are atomic or wholly ours. Empty and absent are the same, as Go's `omitempty` has it. So is `false`, except
 * where absence means true: `ready` and `serving` of an endpoint (discovery/v1 EndpointConditions).
 */
export function covers(observed: unknown, desired: unknown): boolean {
  if (isEmpty(desired)) return isEmpty(observed);
  if (Array.isArray(desired)) {
    return Array.isArray(observed) && observed.length === desired.length && desired.every((item, index) => covers(observed[index], item));
  }
  if (isRecord(desired)) {
    return isRecord(observed) && Object.entries(desired).every(([key, value]) => value === undefined || isEmptyMap(value) || isDefault(key, value, observed[key]) || covers(observed[key], value));
  }
  return observed === desired;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDefault(key: string, value: unknown, observed: unknown): boolean {
  return value === false && observed === undefined && key !== 'ready' && key !== 'serving';
}

/** Wanting no key of a map is content with any. */
function isEmptyMap(value: unknown): boolean {
  return isRecord(value) && Object.keys(value).length === 0;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0) || isEmptyMap(value);
}
