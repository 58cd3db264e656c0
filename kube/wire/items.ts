/**
 * The bytes of a list to its items, as they come: an item is parsed when it is there, and the list is never held as a whole.
 */
import { BOUNDS } from './bounds.js';
import { createGathering, type Gathered, type Held } from './gather.js';
import { BYTE, createShape, follow, take } from './shape.js';
import { WireError } from './transport.js';

interface ItemSplitter {
  /** The items that end in `chunk`. */
  split(chunk: Buffer): Iterable<Gathered>;
  /** Everything but the items, as JSON: what the list says of itself. */
  rest(): string;
  drop(): void;
}

const ITEMS = /"items"\s*:\s*$/;

export function createItemSplitter(held: Held): ItemSplitter {
  const shape = createShape();
  const item = createGathering(held);
  let inItems = false;
  let rest = '';
  let size = 0;
  /** Of `shape.values`, those before the item. */
  let before = 0;

  function keep(bytes: Buffer): void {
    rest += bytes.toString('latin1');
    if (rest.length > BOUNDS.refusalBytes) throw new WireError('tooLarge', 'what a list says of itself is too large');
  }

  /** What is at depth 1 of the list is its own; what is at depth 2, in `items`, is between items. */
  function* split(chunk: Buffer): Generator<Gathered> {
    size += chunk.length;
    if (size > BOUNDS.pageBytes) throw new WireError('tooLarge', `a page of a list is larger than ${BOUNDS.pageBytes >> 20} MiB`);
    let begin = 0;
    while (begin < chunk.length) {
      const end = follow(shape, chunk, begin, inItems ? 2 : 1);
      const part = chunk.subarray(begin, end);
      const byte = chunk[end];
      begin = end + 1;
      if (!inItems) {
        keep(chunk.subarray(end - part.length, begin));
        inItems = byte === BYTE.openList && ITEMS.test(rest.slice(-32, -1));
      } else if (byte === BYTE.comma || byte === BYTE.closeList) {
        const gathered = item.end(part, { values: shape.values - before, deepest: shape.deepest - 2 });
        if (gathered.text.trim() !== '') yield gathered;
        before = shape.values;
        shape.deepest = 2;
        inItems = byte === BYTE.comma;
        if (!inItems) keep(chunk.subarray(end, begin));
      } else item.add(chunk.subarray(end - part.length, begin));
      if (byte !== undefined) take(shape, byte);
    }
  }

  return {
    split,
    drop: item.drop,
    rest: () => Buffer.from(rest, 'latin1').toString('utf8'),
  };
}
