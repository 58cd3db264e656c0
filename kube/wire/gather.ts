/**
 * Gathers one object's bytes from chunks that end anywhere. Of an object that is more than can be read, its beginning is kept, which
 * says whose it is.
 */
import { BOUNDS } from './bounds.js';
import { type Shape, shapeOf } from './shape.js';
import { WireError } from './transport.js';

/** Bytes that wait for the rest of their objects, of all requests of a client. */
export interface Held {
  bytes: number;
}

export interface Gathered {
  readonly text: string;
  /** False: it is larger, nests deeper or has more values than any object, and `text` is how it begins. */
  readonly whole: boolean;
}

interface Gathering {
  /** @throws WireError `tooLarge` when the client holds too much. */
  add(part: Buffer): void;
  /** What was added, and `last` behind it; begins anew. `shape`: that of all these bytes, where it is known already. */
  end(last: Buffer, shape?: Pick<Shape, 'deepest' | 'values'>): Gathered;
  /** Lets go of what was added. */
  drop(): void;
}

const NONE = Buffer.alloc(0);

export function createGathering(held: Held): Gathering {
  let buffer = NONE;
  let size = 0;
  let cut = false;

  function drop(): void {
    held.bytes -= size;
    buffer = NONE;
    size = 0;
    cut = false;
  }

  return {
    drop,
    add(part) {
      if (cut) return;
      const room = Math.min(part.length, BOUNDS.objectBytes + 1 - size);
      if (size + room > buffer.length) buffer = Buffer.concat([buffer.subarray(0, size)], Math.max(4096, 2 * (size + room)));
      part.copy(buffer, size, 0, room);
      size += room;
      held.bytes += room;
      if (held.bytes > BOUNDS.heldBytes) throw new WireError('tooLarge', 'the objects that are under way are too large together');
      if (size <= BOUNDS.objectBytes) return;
      cut = true;
      held.bytes -= size - BOUNDS.headBytes;
      size = BOUNDS.headBytes;
      buffer = Buffer.from(buffer.subarray(0, size));
    },
    end(last, shape) {
      const bytes = size === 0 ? last : Buffer.concat([buffer.subarray(0, size), last]);
      const whole = !cut && bytes.length <= BOUNDS.objectBytes && isOfAnObject(shape ?? shapeOf(bytes));
      drop();
      return { text: bytes.toString('utf8', 0, whole ? bytes.length : BOUNDS.headBytes), whole };
    },
  };
}

/** Whether JSON of this shape may be parsed. */
export function isOfAnObject({ deepest, values }: Pick<Shape, 'deepest' | 'values'>): boolean {
  return values <= BOUNDS.objectValues && deepest <= BOUNDS.depth;
}
