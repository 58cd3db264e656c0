import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Member } from '../members/member.js';
import { createExportIndex, type ExportIndex } from './exportIndex.js';

const IDS = ['east', 'north', 'west'];
const NAMES = ['demo/a', 'demo/b', 'shop/a', 'denied/a'];

type Exports = ReadonlyMap<string, ReadonlySet<string>>;

function indexOf(exported: Exports): ExportIndex {
  const members = IDS.map(
    (id) => ({ id, synced: () => true, records: { exported: () => exported.get(id) ?? new Set() } }) as unknown as Member,
  );
  return createExportIndex({ members: () => members, mayExport: (_id, namespace) => namespace !== 'denied' });
}

const contentOf = (index: ExportIndex): unknown => ({
  all: [...index.all()].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  of: ['demo', 'shop', 'denied'].map((namespace) => [...index.inNamespace(namespace)].toSorted()),
});

test('H8: an index that follows single Services is the one that is built anew', () => {
  const step = fc.record({ id: fc.constantFrom(...IDS), name: fc.constantFrom(...NAMES), exports: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const exported = new Map(IDS.map((id) => [id, new Set<string>()]));
      const index = indexOf(exported);
      index.all();
      for (const { id, name, exports } of steps) {
        if (exports) exported.get(id)?.add(name);
        else exported.get(id)?.delete(name);
        index.changed(name);
        expect(contentOf(index)).toEqual(contentOf(indexOf(exported)));
      }
    }),
  );
});
