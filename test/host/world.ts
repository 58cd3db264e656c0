/**
 * What a test of a host's parts needs of the machine.
 */
import { existsSync } from 'node:fs';
import { describe, test } from '@jest/globals';
import { binaryPath } from '../lab/binaries/locate.js';
import { VM } from '../vm/current.js';

/**
 * Like `describe`. Where root or a program is missing it is skipped, and says so; in CI it fails, since setup installs those. `kernel`:
 * what is needed of the kernel, and whether it is there, asked only where all else is. No setup can bring that, so where it is missing
 * the tests are skipped by name, in CI, too. A virtual machine brings all of it; where there can be none, its tests are skipped likewise.
 */
export function describeOnHost(title: string, body: () => void, kernel: Readonly<Record<string, () => boolean>> = {}): void {
  if (VM !== undefined) {
    if ('lacks' in VM) describe.skip(`SKIPPED ${title}: ${VM.lacks}`, body);
    else describe(title, body);
    return;
  }
  const missing = [
    ...(process.getuid?.() === 0 ? [] : ['root']),
    ...(existsSync('/dev/net/tun') ? [] : ['/dev/net/tun']),
    ...(binaryPath('wireguard-go') === undefined ? ['wireguard-go (run `make setup`)'] : []),
    ...['ip', 'nft', 'wg'].filter(
      (program) => !['/usr/sbin', '/sbin', '/usr/bin', '/bin'].some((folder) => existsSync(`${folder}/${program}`)),
    ),
  ];
  if (missing.length > 0 && process.env['CI'] !== undefined) {
    test(`${title}: needs ${missing.join(', ')}`, () => Promise.reject(new Error(`missing: ${missing.join(', ')}`)));
    return;
  }
  const lacking = missing.length > 0 ? missing : Object.keys(kernel).filter((need) => kernel[need]?.() === false);
  if (lacking.length === 0) describe(title, body);
  else describe.skip(`SKIPPED ${title}: needs ${lacking.join(', ')}`, body);
}
