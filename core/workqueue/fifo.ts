/**
 * A first-in, first-out queue with constant-time operations. (A Set is a hundred times slower with 300,000 keys: taking its
 * first element steps over all that were deleted before it.)
 */
export interface Fifo<T> {
  push(item: T): void;
  shift(): T | undefined;
  readonly size: number;
}

/** Items that were taken out are dropped once they are half of the array and at least this many. */
const COMPACT = 1024;

export function createFifo<T>(): Fifo<T> {
  let items: T[] = [];
  let head = 0;
  return {
    push: (item) => void items.push(item),
    shift() {
      if (head === items.length) return undefined;
      const item = items[head];
      head += 1;
      if (head === items.length || (head >= COMPACT && head * 2 >= items.length)) {
        items = items.slice(head);
        head = 0;
      }
      return item;
    },
    get size() {
      return items.length - head;
    },
  };
}
