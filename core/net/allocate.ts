/**
 * One address out of a range, chosen by a name, so that the same name gets the same address wherever it is free.
 */
import { formatAddress, parseAddress, parseCidr, widthOf } from './cidr.js';
import { hash32 } from './hash.js';

/**
 * An address of `range` that is not in `taken`: the one `name` hashes to, or the next free one after it. The network address
 * is never given, nor the broadcast address in IPv4. Undefined: the range is used up, or is no range.
 */
export function allocateAddress(range: string, name: string, taken: ReadonlySet<string>): string | undefined {
  const network = parseCidr(range);
  if (network === undefined) return undefined;
  const size = 1n << BigInt(widthOf(network.family) - network.length);
  const usable = network.family === 4 ? size - 2n : size - 1n;
  if (usable <= 0n) return undefined;
  const start = BigInt(hash32(name)) % usable;
  const tries = usable < BigInt(taken.size) + 1n ? usable : BigInt(taken.size) + 1n;
  for (let step = 0n; step < tries; step += 1n) {
    const address = formatAddress(network.family, network.first + 1n + ((start + step) % usable));
    if (!taken.has(address)) return address;
  }
  return undefined;
}

/** May `address` be kept as one that was allocated from `range`? */
export function isAllocatable(range: string, address: string): boolean {
  const network = parseCidr(range);
  const parsed = parseAddress(address);
  if (network === undefined || parsed === undefined || network.family !== parsed.family) return false;
  const offset = parsed.bits - network.first;
  const size = 1n << BigInt(widthOf(network.family) - network.length);
  return offset > 0n && offset < (network.family === 4 ? size - 1n : size);
}
