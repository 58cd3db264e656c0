/**
 * Which CoreDNS can serve the zone: its kubernetes plugin has the option `multicluster` since 1.12.2 (the one of Kubernetes 1.35). An
 * older one goes on with the Corefile that it has, and does not start with the new one any more.
 */

/** As people write it. */
export const OLDEST_COREDNS = '1.12.2';

/** Of an image such as `registry.k8s.io/coredns/coredns:v1.13.1`, or of `1.13.1` as a person writes it. Undefined: it does not say. */
export function coreDnsVersion(text: string): string | undefined {
  const tag = /(?:^|:)v?(\d+\.\d+\.\d+)(?![\d.])[^/]*$/.exec(text.replace(/@.*$/, ''));
  return tag?.[1];
}

/** Whether CoreDNS of that version, `major.minor.patch`, has the option. */
export function hasMulticluster(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return major > 1 || (major === 1 && (minor > 12 || (minor === 12 && patch >= 2)));
}
