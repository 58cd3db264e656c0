/**
 * Takes network devices away from a host, as a person or a boot does.
 *
 * They are listed by `ip`: what /sys shows is the namespace that it was mounted in, not the one that a program is in.
 */
import type { Namespace } from './namespace.js';

/** @throws where no device has such a name: the test that asked would prove nothing. */
export async function deleteDevices({ name, exec }: Pick<Namespace, 'name' | 'exec'>, names: RegExp): Promise<void> {
  const all = JSON.parse(await exec(['ip', '-j', 'link', 'show'])) as readonly { readonly ifname: string }[];
  const found = all.map(({ ifname }) => ifname).filter((each) => names.test(each));
  if (found.length === 0) throw new Error(`${name} has no device like ${names.source}: ${all.map(({ ifname }) => ifname).join(' ')}`);
  await exec(['ip', '-batch', '-'], { input: found.map((each) => `link delete ${each}\n`).join('') });
}
