/**
 * The fields of a kind as a table in Markdown, out of the schema that its CustomResourceDefinition has: for `docs/reference.md`.
 */
import type { StructuralSchema } from '../../core/api/structural.js';

const BEGIN = '<!-- Generated from core/api/meshSpec.ts by `npm run generate`: change the descriptions there. -->\n';
const END = '<!-- The end of what is generated. -->\n';

/** `page` with the table of `schema`'s spec and status in the place that is marked for it. */
export function withFields(page: string, schema: StructuralSchema): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error('docs/reference.md has lost the marks between which the fields of the Mesh stand');
  const { spec, status } = schema.properties ?? {};
  const table = ['| field | values | default | |', '|---|---|---|---|', ...rowsOf('spec', spec), ...rowsOf('status', status)];
  return `${before}${BEGIN}\n${table.join('\n')}\n\n${END}${after}`;
}

/** Of everything in an object, in the schema's order, each field before what is in it. */
function rowsOf(path: string, schema: boolean | StructuralSchema | undefined): string[] {
  if (typeof schema !== 'object') return [];
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    if (typeof field !== 'object') return [];
    const here = `${path}.${name}`;
    const cells = [
      `\`${here}\``,
      valuesOf(field),
      field.default === undefined ? '' : `\`${JSON.stringify(field.default).replaceAll('"', '')}\``,
      field.description ?? '',
    ];
    const row = `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    return [row, ...(name === 'conditions' ? [] : [...rowsOf(here, field), ...rowsOf(`${here}[]`, itemsOf(field))])];
  });
}

function valuesOf(schema: StructuralSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  switch (schema.type) {
    case 'integer':
      return schema.minimum === undefined || schema.maximum === undefined ? 'integer' : `${schema.minimum} to ${schema.maximum}`;
    case 'array': {
      const items = itemsOf(schema);
      const most = schema.maxItems === undefined ? '' : `, at most ${schema.maxItems}`;
      return `list${items?.type === 'string' ? ' of texts' : ''}${most}`;
    }
    case 'string':
      return 'text';
    default:
      return schema.type === 'object' ? '' : String(schema.type);
  }
}

function itemsOf({ items }: StructuralSchema): StructuralSchema | undefined {
  return typeof items === 'object' && !Array.isArray(items) ? items : undefined;
}
