/**
 * What the kernel of this machine can do, found by doing it in a network namespace of its own, which also loads the module. Only root can
 * tell: false for everybody else.
 */
import { spawnSync } from 'node:child_process';

export function kernelHasWireguard(): boolean {
  return works('ip', 'link', 'add', 'kilo0', 'type', 'wireguard');
}

/** The tables of iptables from before nftables, which newer kernels may be built without. */
export function kernelHasLegacyTables(): boolean {
  return works('iptables-legacy', '-t', 'nat', '-S') && works('ip6tables-legacy', '-S');
}

function works(...argv: readonly string[]): boolean {
  return spawnSync('unshare', ['--net', ...argv], { stdio: 'ignore' }).status === 0;
}
