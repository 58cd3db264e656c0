/**
 * The zone clusterset.local of a cluster, as lines for people.
 */
import type { DnsStatus } from '../core/clusterset/dnsStatus.js';
import { printableTexts } from '../core/text/printable.js';

const STATES: Readonly<Record<DnsStatus['state'], string>> = {
  served: 'is served',
  configured: 'is in the Corefile; CoreDNS was not asked',
  broken: 'is in the Corefile, and not well',
  absent: 'is not served',
  unknown: 'is perhaps served',
};

export function dnsText(given: DnsStatus): string {
  const { state, configMap, server, version, allowed, pods, problems } = printableTexts(given);
  const runs = server === undefined ? 'nothing' : `${server}${version === undefined ? '' : `, CoreDNS ${version}`}`;
  const rows = [
    `clusterset.local  ${STATES[state]}`,
    `Corefile          ConfigMap ${configMap}, read by ${runs}`,
    `ServiceImports    CoreDNS ${allowed === undefined ? 'may perhaps' : allowed ? 'may' : 'may not'} read them`,
    `answers           from ${pods.filter(({ answers }) => answers).length} of ${pods.length} pods that were asked`,
  ];
  return `${[...rows, ...problems.map((problem) => `  ${problem}`), ...NEXT[state]].join('\n')}\n`;
}

const FROM_A_POD =
  'To ask from a pod: kubectl run try --rm -i --image=busybox --restart=Never -- nslookup -type=txt dns-version.clusterset.local';
const NEXT: Readonly<Record<DnsStatus['state'], readonly string[]>> = {
  served: [],
  configured: [FROM_A_POD],
  broken: [],
  absent: ['To have it: kilofed dns enable'],
  unknown: [FROM_A_POD],
};
