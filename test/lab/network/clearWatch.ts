/**
 * Sees what the underlay must never see: packets that carry an address of the mesh, of a pod or of a Service in clear out of a
 * location, as themselves or in VXLAN or IPIP.
 *
 * It stands where the router takes packets from the LANs, before anything is routed or dropped, so a packet counts although
 * the router would throw it away. Inside a LAN packets of one location are in clear by design.
 */
import { run } from '../process.js';

export interface ClearWatch {
  /** Every flow that was seen since the last call: LAN, source, destination, and how many packets. */
  take(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

const TABLE = 'inet clear_watch';
const INSIDE = { ip: '10.0.0.0/8', ip6: '{ fd04::/16, fd42::/16, fd90::/16 }' };
const PROTOCOL = { ip: 'ipv4', ip6: 'ipv6' };

/** Of this world, whose router the lab's own namespace is. `vxlanPort`: UDP. */
export async function startClearWatch(vxlanPort: number): Promise<ClearWatch> {
  const sets = (['ip', 'ip6'] as const).map((family) => {
    const address = `${PROTOCOL[family]}_addr`;
    return `set ${family}seen { type ifname . ${address} . ${address}; size 4096; flags dynamic; counter; }`;
  });
  const rules = (['ip', 'ip6'] as const).flatMap((family) =>
    [
      `${family} saddr ${INSIDE[family]}`,
      `${family} daddr ${INSIDE[family]}`,
      `meta nfproto ${PROTOCOL[family]} udp dport ${vxlanPort}`,
      `meta nfproto ${PROTOCOL[family]} meta l4proto { 4, 41 }`,
    ].map((match) => `iifname "lan*" ${match} update @${family}seen { iifname . ${family} saddr . ${family} daddr } accept`),
  );
  await run(['nft', '-f', '-'], {
    input: `table ${TABLE}
delete table ${TABLE}
table ${TABLE} {
  ${sets.join('\n  ')}
  chain router { type filter hook prerouting priority raw;
    ${rules.join('\n    ')}
  }
}\n`,
  });
  return {
    async take() {
      const listed = await Promise.all(['ipseen', 'ip6seen'].map((set) => run(['nft', '-j', 'list', 'set', ...TABLE.split(' '), set])));
      for (const set of ['ipseen', 'ip6seen']) await run(['nft', 'flush', 'set', ...TABLE.split(' '), set]);
      return listed.flatMap(elementsOf).toSorted();
    },
    stop: async () => void (await run(['nft', 'delete', 'table', ...TABLE.split(' ')])),
  };
}

interface Element {
  readonly elem: { readonly val: { readonly concat: readonly string[] }; readonly counter: { readonly packets: number } };
}

function elementsOf(json: string): string[] {
  const { nftables } = JSON.parse(json) as { readonly nftables: readonly { readonly set?: { readonly elem?: readonly Element[] } }[] };
  return nftables.flatMap(({ set }) => set?.elem ?? []).map(({ elem }) => `${elem.val.concat.join(' ')}: ${elem.counter.packets}`);
}
