/**
 * The underlay of the bare lab: one bridge per location, joined by the lab's own network namespace as the WAN router.
 *
 * It routes LAN addresses only. Pod and mesh addresses are unknown to it, and dropped there, so that whatever reaches a pod
 * of another node went through the mesh.
 */
import { type Namespace } from './namespace.js';
import { run } from '../lab/process.js';

export interface Lan {
  readonly bridge: string;
  readonly gateway: string;
  /** e.g. `172.20.1`; hosts are .10 and up. */
  readonly prefix: string;
}

/** Makes the lab's namespace a router that drops what is not LAN traffic. */
export async function createWan(): Promise<void> {
  await run(['ip', 'link', 'set', 'lo', 'up']);
  await run(['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']);
  // Where br_netfilter is loaded, what a LAN's bridge carries would be filtered as if it were routed.
  await run(['sysctl', '-eqw', 'net.bridge.bridge-nf-call-iptables=0', 'net.bridge.bridge-nf-call-ip6tables=0']);
  await run(['nft', '-f', '-'], {
    input: `table inet wan
    flush table inet wan
    table inet wan {
      chain forward { type filter hook forward priority 0; policy drop;
        ip saddr 172.16.0.0/12 ip daddr 172.16.0.0/12 accept
      }
    }\n`,
  });
}

/** `index`: 1..254. The bridge's MAC is given: its own choice changes with its ports, and hosts would keep the old one. */
export async function createLan(index: number): Promise<Lan> {
  const prefix = `172.20.${index}`;
  const lan = { bridge: `lan${index}`, gateway: `${prefix}.1`, prefix };
  await run(['ip', '-batch', '-'], {
    input: `link add ${lan.bridge} address 02:00:00:00:01:${index.toString(16).padStart(2, '0')} type bridge\naddr add ${lan.gateway}/24 dev ${lan.bridge}\nlink set ${lan.bridge} up\n`,
  });
  return lan;
}

/** Plugs a host into a LAN as eth0 with the address `<prefix>.<host>/24`. */
export async function plug(namespace: Namespace, lan: Lan, host: number): Promise<string> {
  const address = `${lan.prefix}.${host}`;
  const outer = `v${lan.bridge.slice(3)}h${host}`;
  await run(['ip', '-batch', '-'], {
    input: `link add ${outer} type veth peer name eth0 netns ${namespace.pid}\nlink set ${outer} master ${lan.bridge} up\n`,
  });
  await namespace.exec(['ip', '-batch', '-'], {
    input: `addr add ${address}/24 dev eth0\nlink set eth0 up\nroute add default via ${lan.gateway}\n`,
  });
  return address;
}
