/**
 * A zod schema as the structural OpenAPI schema that a CustomResourceDefinition wants.
 *
 * zod writes nearly that. What is left: the API server knows `metadata` and forbids describing it, a bound of 2^53 on every
 * integer is noise where `format` says it, `additionalProperties: false` is what pruning does anyway, and a regular
 * expression beside a CEL rule would only add a second, unreadable message.
 */
import * as z from 'zod';
import { CEL } from './schema.js';

/** JSON Schema, as far as CRDs know it. */
export type StructuralSchema = z.core.JSONSchema.BaseSchema;

/**
 * The schema of a whole object: `apiVersion`, `kind` and `metadata` as the API server defines them, the rest from
 * `schema`. Throws where zod knows no JSON Schema for a part of it.
 */
export function structuralSchema(schema: z.ZodType, description: string): StructuralSchema {
  const { properties, required, ...rest } = structural(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input', reused: 'inline' }));
  const given = required ?? [];
  const wanted = given.filter((name) => !SERVER_SIDE.has(name));
  return {
    description,
    ...rest,
    ...(wanted.length > 0 && { required: wanted }),
    properties: {
      ...properties,
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
    },
  };
}

const SERVER_SIDE = new Set(['apiVersion', 'kind', 'metadata']);
const INT32 = 2 ** 31;

function structural(part: boolean | StructuralSchema): StructuralSchema {
  if (typeof part === 'boolean') return {};
  const { description, additionalProperties, properties, items, pattern, [CEL]: rules, ...rest } = part;
  const ruled = Array.isArray(rules) && rules.length > 0;
  return {
    ...(description !== undefined && { description }),
    ...(rest.type === 'integer' ? integer(rest) : rest),
    ...(ruled && { [CEL]: rules }),
    ...(pattern !== undefined && !ruled && { pattern }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: structural(additionalProperties) }),
    ...(properties !== undefined && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, structural(each)])),
    }),
    ...(items !== undefined && !Array.isArray(items) && { items: structural(items) }),
  };
}

/** Go reads an integer as one of two sizes; a bound that only repeats the size says nothing. */
function integer(schema: StructuralSchema): StructuralSchema {
  const { minimum, maximum, ...rest } = schema;
  const low = typeof minimum === 'number' ? minimum : -Infinity;
  const high = typeof maximum === 'number' ? maximum : Infinity;
  return {
    ...rest,
    format: high < INT32 ? 'int32' : 'int64',
    ...(low > -INT32 && { minimum: low }),
    ...(high < INT32 - 1 && { maximum: high }),
  };
}
