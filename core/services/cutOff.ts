/**
 * Which addresses of another member cannot be reached: by the segments that they lie behind, and the links to those.
 */
import { parseCidr } from '../net/cidr.js';
import { createPrefixMap } from '../net/prefixMap.js';

export interface SegmentReach {
  /** The prefixes behind it, as the Peers have them that stand for it. */
  readonly allowedIPs: readonly string[];
  /** False: no link there works. */
  readonly reached: boolean;
}

/**
 * Tests whether an address is cut off. It lies behind the segments with the narrowest prefix around it, as packets are routed; while one of
 * these is reached, so is the address. What lies behind none of them is not known to be cut off.
 */
export function cutOff(segments: readonly SegmentReach[]): (address: string) => boolean {
  if (segments.every(({ reached }) => reached)) return () => false;
  const isReached = createPrefixMap<boolean>();
  // Where two have the same prefix, the later entry stays.
  for (const { allowedIPs, reached } of segments.toSorted((a, b) => Number(a.reached) - Number(b.reached)))
    for (const cidr of allowedIPs.flatMap((each) => parseCidr(each) ?? [])) isReached.set(cidr, reached);
  return (address) => {
    const cidr = parseCidr(address);
    return cidr !== undefined && isReached.covering(cidr)[0] === false;
  };
}
