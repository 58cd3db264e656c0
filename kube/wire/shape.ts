/**
 * The shape of JSON as its bytes come: how deep it nests and how many values it has, before anything is parsed.
 *
 * Bytes that are no JSON have some shape, too; the parser refuses them.
 */

export interface Shape {
  /** Brackets that are open. */
  depth: number;
  deepest: number;
  /** At least the number of values: brackets that opened, and commas. */
  values: number;
  quoted: boolean;
  escaped: boolean;
}

export const BYTE = { quote: 0x22, comma: 0x2c, backslash: 0x5c, openList: 0x5b, closeList: 0x5d, open: 0x7b, close: 0x7d } as const;

export function createShape(): Shape {
  return { depth: 0, deepest: 0, values: 0, quoted: false, escaped: false };
}

/**
 * Follows `bytes` from `at` to the next bracket or comma at depth `stop`, and returns where it is, without taking it in; the length of
 * `bytes` when there is none.
 */
export function follow(shape: Shape, bytes: Buffer, at: number, stop: number): number {
  for (let index = at; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (shape.escaped) shape.escaped = false;
    else if (byte === BYTE.quote) shape.quoted = !shape.quoted;
    else if (shape.quoted) shape.escaped = byte === BYTE.backslash;
    else if (byte === BYTE.comma || byte === BYTE.open || byte === BYTE.close || byte === BYTE.openList || byte === BYTE.closeList) {
      if (shape.depth === stop) return index;
      take(shape, byte);
    }
  }
  return bytes.length;
}

/** Takes in a bracket or a comma. */
export function take(shape: Shape, byte: number | undefined): void {
  if (byte === BYTE.close || byte === BYTE.closeList) {
    shape.depth -= 1;
    return;
  }
  shape.values += 1;
  if (byte === BYTE.comma) return;
  shape.depth += 1;
  shape.deepest = Math.max(shape.deepest, shape.depth);
}

export function shapeOf(bytes: Buffer): Shape {
  const shape = createShape();
  follow(shape, bytes, 0, -1);
  return shape;
}
