import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createClusterAgentMetrics } from '../../cluster-agent/metrics.js';
import { ANNOTATION, KILO_ANNOTATION, LABEL } from '../../core/api/names.js';
import type { StructuralSchema } from '../../core/api/structural.js';
import { createMetrics } from '../../hub/api/metrics.js';
import { createTextMetrics } from '../../kube/wire/textMetrics.js';
import { createAgentMetrics } from '../../node-agent/metrics.js';
import { withFields } from './reference.js';

const PAGE = readFileSync(resolve('docs/reference.md'), 'utf8');

/** `name kind` of every metric of ours in a text of Prometheus. */
const typesIn = (text: string): string[] => [...text.matchAll(/^# TYPE (kilofed_\w+) (\w+)$/gm)].map(([, name, kind]) => `${name} ${kind}`);

async function typesInCode(): Promise<string[]> {
  const [node, cluster] = [createTextMetrics(), createTextMetrics()];
  createAgentMetrics(node, () => 0);
  createClusterAgentMetrics(cluster);
  const hub = await createMetrics({ active: () => true, members: () => [], status: () => ({ links: [], problems: [] }) }).expose();
  return [...new Set([node.render(), cluster.render(), hub.body].flatMap(typesIn))].toSorted();
}

describe('docs/reference.md', () => {
  test('has every metric of the three programs, with its kind, and no other', async () => {
    const onPage = [...PAGE.matchAll(/^\| `(kilofed_\w+)` \| (\w+) \|/gm)].map(([, name, kind]) => `${name} ${kind}`);
    expect(onPage.toSorted()).toEqual(await typesInCode());
  });

  test('alerts on metrics that there are', async () => {
    const names = new Set((await typesInCode()).map((each) => each.split(' ')[0]));
    const used = [...PAGE.matchAll(/expr: .*/g)].flatMap(([line]) => line.match(/kilofed_\w+/g) ?? []);
    expect(used.length).toBeGreaterThan(5);
    expect(used.filter((name) => !names.has(name))).toEqual([]);
  });

  test.each([...Object.values(ANNOTATION), ...Object.values(KILO_ANNOTATION), ...Object.values(LABEL)])('has %s', (name) => {
    expect(PAGE).toContain(`\`${name}\``);
  });
});

describe('a table of fields', () => {
  const [before, after] = [
    'text\n<!-- Generated from core/api/meshSpec.ts by `npm run generate`: change the descriptions there. -->\n',
    '<!-- The end of what is generated. -->\nmore\n',
  ];
  const spec: StructuralSchema = {
    type: 'object',
    properties: {
      kind: { type: 'string', enum: ['a', 'b'], default: 'a', description: 'Which | one.' },
      pace: { type: 'object', properties: { ms: { type: 'integer', minimum: 1, maximum: 9 } } },
      ranges: { type: 'array', maxItems: 2, items: { type: 'string' }, default: ['x'] },
      parts: { type: 'array', items: { type: 'object', properties: { on: { type: 'boolean' } } } },
    },
  };

  test('has what is in each, and replaces the one that was there', () => {
    const page = withFields(`${before}old\n${after}`, { properties: { spec } });
    expect(page.split('\n').slice(3, -4)).toEqual([
      '| field | values | default | |',
      '|---|---|---|---|',
      '| `spec.kind` | `a`, `b` | `a` | Which \\| one. |',
      '| `spec.pace` |  |  |  |',
      '| `spec.pace.ms` | 1 to 9 |  |  |',
      '| `spec.ranges` | list of texts, at most 2 | `[x]` |  |',
      '| `spec.parts` | list |  |  |',
      '| `spec.parts[].on` | boolean |  |  |',
    ]);
    expect(withFields(page, { properties: { spec } })).toBe(page);
  });

  test('is missed where its marks are', () => {
    expect(() => withFields('text', { properties: { spec } })).toThrow('has lost the marks');
  });
});
