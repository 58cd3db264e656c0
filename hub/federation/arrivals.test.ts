import { expect, test } from '@jest/globals';
import { createArrivals } from './arrivals.js';

const exporting = (...services: readonly string[]): { exported: () => ReadonlySet<string> } => ({ exported: () => new Set(services) });

test('H7: whatever was there at the start is equal, whoever was read first', () => {
  const arrivals = createArrivals();
  arrivals.declared('east', true);
  arrivals.declared('evil', true);
  arrivals.read('evil', exporting('demo/web'));
  arrivals.read('east', exporting('demo/web'));
  expect([arrivals.seen('east', 'demo/web'), arrivals.seen('evil', 'demo/web')]).toEqual([0, 0]);
});

test('H7: later exports come after, and those of a member that is declared later', () => {
  const arrivals = createArrivals();
  for (const id of ['east', 'evil']) {
    arrivals.declared(id, true);
    arrivals.read(id, exporting());
  }
  arrivals.changed('east', 'demo/web', exporting('demo/web'));
  arrivals.changed('evil', 'demo/web', exporting('demo/web'));
  arrivals.declared('late', false);
  arrivals.read('late', exporting('demo/web'));
  const order = ['late', 'evil', 'east'].toSorted((a, b) => arrivals.seen(a, 'demo/web') - arrivals.seen(b, 'demo/web'));
  expect(order).toEqual(['east', 'evil', 'late']);
  // What stays exported keeps its place; what is exported again is new.
  arrivals.changed('east', 'demo/web', exporting('demo/web'));
  expect(arrivals.seen('east', 'demo/web')).toBeLessThan(arrivals.seen('evil', 'demo/web'));
  arrivals.changed('east', 'demo/web', exporting());
  arrivals.changed('east', 'demo/web', exporting('demo/web'));
  expect(arrivals.seen('east', 'demo/web')).toBeGreaterThan(arrivals.seen('evil', 'demo/web'));
  arrivals.left('evil');
  arrivals.declared('evil', false);
  expect(arrivals.seen('evil', 'demo/web')).toBeGreaterThan(arrivals.seen('late', 'demo/web'));
});
