/**
 * What a test of a host's parts needs of the machine.
 */
import { existsSync } from 'node:fs';
import { describe, test } from '@jest/globals';
import { binaryPath } from '../lab/binaries/locate.js';

/** Like `describe`; where root or a program is missing it is skipped, and says so; in CI it fails. */
export function describeOnHost(title: string, body: () => void): void {
  const missing = [
    ...(process.getuid?.() === 0 ? [] : ['root']),
    ...(existsSync('/dev/net/tun') ? [] : ['/dev/net/tun']),
    ...(binaryPath('wireguard-go') === undefined ? ['wireguard-go (run `make setup`)'] : []),
    ...(['ip', 'nft', 'wg'].filter((program) => !['/usr/sbin', '/sbin', '/usr/bin', '/bin'].some((folder) => existsSync(`${folder}/${program}`)))),
  ];
  if (missing.length === 0) {
    describe(title, body);
    return;
  }
  const reason = `${title}: needs ${missing.join(', ')}`;
  if (process.env['CI'] === undefined) describe.skip(`SKIPPED ${reason}`, body);
  else test(reason, () => Promise.reject(new Error(`missing: ${missing.join(', ')}`)));
}
