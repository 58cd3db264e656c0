import { expect, test } from '@jest/globals';
import { namespaceConsent } from './namespaceConsent.js';
import { planNamespace } from './namespaceCreation.js';

/** What is made, or why nothing is. */
function plan(label: string | undefined, exporters: readonly string[], made: Readonly<Record<string, number>> = {}): unknown {
  const { creates } = namespaceConsent({ name: 'kilofed', labels: label === undefined ? {} : { 'kilofed.io/create-namespaces': label } });
  const madeFor = (id: string): number => made[id] ?? 0;
  const { create, why } = planNamespace('demo', exporters, { ...(creates !== undefined && { creates }), madeFor });
  return create?.metadata.labels ?? why ?? 'nothing';
}

const MADE = { 'kilofed.io/managed-by': 'kilofed-hub' };

test.each<[string, unknown, unknown]>([
  ['nobody wants it', plan(undefined, ['east']), 'nothing'],
  ['none are wanted', plan('none', ['east']), 'nothing'],
  ['all are', plan('all', ['north', 'east']), { ...MADE, 'kilofed.io/cluster': 'north' }],
  [
    'those of some are: it is open to these',
    plan('east_south', ['north', 'east']),
    { ...MADE, 'kilofed.io/cluster': 'east', 'kilofed.io/import': 'east_south' },
  ],
  ['those of others are', plan('south', ['north', 'east']), expect.stringContaining('has none made for north, east')],
  ['the label is not understood', plan('East', ['east']), expect.stringContaining('is not understood: write all, none')],
  ['one has as many as it may', plan('all', ['north', 'east'], { north: 100 }), { ...MADE, 'kilofed.io/cluster': 'east' }],
  ['all have', plan('all', ['north'], { north: 100 }), expect.stringContaining('100 were made there for north already')],
])('where %s', (_what, found, expected) => {
  expect(found).toEqual(expected);
});
