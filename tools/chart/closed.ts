/**
 * The schema of a CustomResourceDefinition as one of JSON Schema that takes no other fields, for values of a chart. An API server drops a
 * misspelt field of an object in silence; a person who installs wants to hear of it.
 */
import type { StructuralSchema } from '../../core/api/structural.js';

type Schema = boolean | StructuralSchema | undefined;

export function closed(schema: Schema): object {
  const { properties, items, ...rest } = typeof schema === 'object' ? schema : {};
  const own = Object.entries(rest).filter(([key]) => !key.startsWith('x-kubernetes-') && key !== 'format');
  return {
    ...Object.fromEntries(own),
    ...(typeof items === 'object' && !Array.isArray(items) && { items: closed(items) }),
    ...(properties !== undefined && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, closed(field)])),
      additionalProperties: false,
    }),
  };
}
