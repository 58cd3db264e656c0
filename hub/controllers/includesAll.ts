/**
 * Whether an object includes everything that is desired, so that server-side apply would change nothing. It saves the request.
 *
 * Maps may have more keys than desired, since other managers own fields too. Lists must match item by item, since all lists
 * that we write are atomic or entirely ours. Empty equals absent, as with Go's `omitempty`. `false` equals absent, except
 * where absent means true: `ready` and `serving` of an endpoint (discovery/v1 EndpointConditions).
 */
export function includesAll(observed: unknown, desired: unknown): boolean {
  if (isEmpty(desired)) return isEmpty(observed);
  if (Array.isArray(desired)) {
    return (
      Array.isArray(observed) && observed.length === desired.length && desired.every((item, index) => includesAll(observed[index], item))
    );
  }
  if (isRecord(desired)) {
    return (
      isRecord(observed) &&
      Object.entries(desired).every(
        ([key, value]) =>
          value === undefined || isEmptyMap(value) || isDefault(key, value, observed[key]) || includesAll(observed[key], value),
      )
    );
  }
  return observed === desired;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDefault(key: string, value: unknown, observed: unknown): boolean {
  return value === false && observed === undefined && key !== 'ready' && key !== 'serving';
}

/** An empty desired map is included in any map. */
function isEmptyMap(value: unknown): boolean {
  return isRecord(value) && Object.keys(value).length === 0;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0) || isEmptyMap(value);
}
