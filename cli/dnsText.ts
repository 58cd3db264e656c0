/**
 * The zone clusterset.local of a cluster, as lines for people.
 */
import type { DnsStatus } from '../core/clusterset/dnsStatus.js';
import { printableTexts } from '../core/text/printable.js';

export function dnsText(given: DnsStatus): string {
  const { served, configMap, server, version, configured, allowed, problems } = printableTexts(given);
  const runs = server === undefined ? 'nothing' : `${server}${version === undefined ? '' : `, CoreDNS ${version}`}`;
  const rows = [
    `clusterset.local  ${served ? 'is served' : configured ? 'is in the Corefile, and not served' : 'is not served'}`,
    `Corefile          ConfigMap ${configMap}, read by ${runs}`,
    `ServiceImports    CoreDNS ${allowed === undefined ? 'may perhaps' : allowed ? 'may' : 'may not'} read them`,
  ];
  return `${[...rows, ...problems.map((problem) => `  ${problem}`), ...next(given)].join('\n')}\n`;
}

function next({ served, configured, problems }: DnsStatus): readonly string[] {
  if (served)
    return ['To prove it: kubectl run try --rm -i --image=busybox --restart=Never -- nslookup -type=txt dns-version.clusterset.local'];
  return configured || problems.length > 0 ? [] : ['To have it: kilofed dns enable'];
}
