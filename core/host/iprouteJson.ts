/**
 * Values in what iproute2 prints with `-j`.
 */
export interface Json {
  readonly [name: string]: unknown;
}

/** Empty lists may be no text at all. */
export function list(text: string): readonly Json[] {
  return text.trim() === '' ? [] : objects(JSON.parse(text));
}

/** iproute2 prints what it filtered out as `{}`. */
export function objects(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter((one) => isJson(one) && Object.keys(one).length > 0) : [];
}

/** Empty where there is none. */
export function object(value: unknown): Json {
  return isJson(value) ? value : {};
}

/** @throws when it is none. */
export function string(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new Error(`iproute2 printed ${JSON.stringify(value)} where a text was expected`);
}

/** @throws when it is none. */
export function number(value: unknown): number {
  if (typeof value === 'number') return value;
  throw new Error(`iproute2 printed ${JSON.stringify(value)} where a number was expected`);
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}
