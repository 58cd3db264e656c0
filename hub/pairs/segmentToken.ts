/**
 * How a segment of a member is called in other members: in labels and names of its Peers, and in what gateways report.
 */
import type { Segment } from '../../core/mesh/segments.js';
import { hash32 } from '../../core/net/hash.js';

const LOCATION = 'location:';

/**
 * A token without dashes, so that `<cluster>-<token>-<slot>` is unambiguous and no two clusters can claim one name. A location
 * that is no such token is hashed, and so is one that looks like a hash.
 */
export function segmentToken({ name }: Pick<Segment, 'name'>): string {
  const location = name.startsWith(LOCATION) ? name.slice(LOCATION.length) : '';
  const plain = /^[a-z0-9]{1,20}$/.test(location) && !/^x[0-9a-f]{8}$/.test(location);
  return plain ? location : `x${hash32(name).toString(16).padStart(8, '0')}`;
}
