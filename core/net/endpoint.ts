/**
 * Where UDP is sent to, as WireGuard spells it: `192.0.2.1:51820`, `[2001:db8::1]:51820`.
 */
import { addressOf, familyOf } from './cidr.js';

interface AddressAndPort {
  /** Canonical. */
  readonly address: string;
  readonly port: number;
}

/** `address`: canonical already, or a DNS name. */
export function formatEndpoint({ address, port }: AddressAndPort): string {
  return familyOf(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Undefined: not one; so is a link-local address with its device. */
export function parseEndpoint(text: string): AddressAndPort | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const address = addressOf(bracketed ?? plain ?? '');
  const port = Number(digits);
  return address === undefined || port < 1 || port > 65_535 ? undefined : { address, port };
}
