/**
 * Debian packages that a virtual machine needs, beside those of the lab.
 */
import { existsSync } from 'node:fs';

const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'qemu-system-x86': ['/usr/bin/qemu-system-x86_64'],
  kmod: ['/sbin/depmod', '/usr/sbin/depmod'],
  'busybox-static': ['/bin/busybox'],
};

/** Those whose program is not there. */
export function missingPrograms(): string[] {
  return Object.entries(PACKAGES)
    .filter(([, paths]) => !paths.some((path) => existsSync(path)))
    .map(([name]) => name);
}
