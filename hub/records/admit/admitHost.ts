/**
 * Whether others may be told to dial a host that a member names as the endpoint of a gateway.
 *
 * The nodes of all other members send packets there and ask their DNS for it, so it must be neither a machine's own services nor a name
 * that means those.
 */
import { parseCidr } from '../../../core/net/cidr.js';
import { holdsMetadata, isSpecial } from '../../../core/net/special.js';
import { DNS_LABEL } from '../../../core/text/dnsLabel.js';

/** `name`: it is a DNS name, which is asked for. */
type HostVerdict = 'address' | 'name' | 'refused';

export function admitHost(host: string): HostVerdict {
  const address = parseCidr(host);
  if (address !== undefined) return isSpecial(address) || holdsMetadata(address) ? 'refused' : 'address';
  return isHostName(host) ? 'name' : 'refused';
}

/**
 * RFC 1123. A name whose last label is a number is none: resolvers read `127.1` and `0x7f000001` as addresses. `localhost` is the asking
 * machine itself (RFC 6761).
 */
function isHostName(host: string): boolean {
  const labels = host.split('.');
  const last = labels.at(-1) ?? '';
  return host.length <= 253 && labels.every((label) => DNS_LABEL.test(label)) && !/^(\d+|0x[0-9a-f]*)$/.test(last) && last !== 'localhost';
}
