/**
 * An order of addresses in which each has its place by itself, whichever others there are: who takes the first k of them changes little
 * when one comes or goes (rendezvous hashing). Each importer has another order, so all endpoints of an exporter get their part.
 */

/** `salt`: equal texts give equal orders. */
export function inOrder(addresses: readonly string[], salt: string): string[] {
  return addresses
    .map((address) => [hash(`${salt} ${address}`), address] as const)
    .toSorted(([a, first], [b, second]) => a - b || (first < second ? -1 : Number(first > second)))
    .map(([, address]) => address);
}

/** FNV-1a, then the last steps of MurmurHash3, without which neighbours among addresses would be neighbours in the order. 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
