/**
 * What each kind of change does to a ModelHost.
 */
import type { ByKind, ChangeKind, ChangeOf } from './change.js';
import { DISABLED_SUFFIX, isConfiguration } from './conflist.js';
import { hostDevice } from './devices.js';
import { enabledName } from './diffCni.js';
import { firewallFacts } from './firewall.js';
import { dropLink, dropNexthop, dropRoute, dropTarget, type ModelHost, putRoute } from './modelHost.js';
import { deletePeer, newInterface, setPeer } from './modelInterface.js';
import { routeKey, ruleKey } from './state.js';

export function recordChange<K extends ChangeKind>(recorders: ByKind<void>, change: ChangeOf<K>): void {
  recorders[change.kind](change);
}

export function recordersOf(host: ModelHost): ByKind<void> {
  return {
    'sysctl.set': ({ name, value }) => void host.sysctls.set(name, value),
    'wireguard.add': ({ name }) => {
      host.links.set(name, { name, kind: 'wireguard', up: false, mtu: 0 });
      host.wireguard.set(name, newInterface());
    },
    'wireguard.configure': ({ name, listenPort, key, publicKey }) => {
      const one = host.wireguard.get(name);
      if (one === undefined) return;
      if (listenPort !== undefined) one.listenPort = listenPort;
      if (key) one.publicKey = publicKey;
    },
    'device.add': ({ device }) => void host.links.set(device.name, hostDevice(device).added),
    'vxlan.set': ({ name, local, mac }) => {
      const link = host.links.get(name);
      if (link?.vxlan === undefined) return;
      host.links.set(name, {
        ...link,
        vxlan: { ...link.vxlan, ...(local === undefined ? {} : { local }), ...(mac === undefined ? {} : { mac }) },
      });
    },
    'link.set': ({ name, mtu }) => {
      const link = host.links.get(name);
      if (link !== undefined) host.links.set(name, { ...link, mtu, up: true });
    },
    'link.delete': ({ name }) => dropLink(host, name),
    'peer.set': (change) => {
      const one = host.wireguard.get(change.interface);
      if (one !== undefined) setPeer(one, change);
    },
    'peer.delete': (change) => {
      const one = host.wireguard.get(change.interface);
      if (one !== undefined) deletePeer(one, change.publicKey);
    },
    'address.add': ({ address, dev }) => {
      if (dev === undefined) host.addresses.add(address);
      else readdress(host, dev, (now) => [...now, address]);
    },
    'address.delete': ({ address, dev }) => {
      if (dev === undefined) host.addresses.delete(address);
      else readdress(host, dev, (now) => now.filter((one) => one !== address));
    },
    'neighbour.set': ({ address, mac }) => void host.neighbours.set(address, mac),
    'neighbour.delete': ({ address }) => void host.neighbours.delete(address),
    'fdb.set': ({ mac, address }) => void host.fdb.set(mac, address),
    'fdb.delete': ({ mac }) => void host.fdb.delete(mac),
    'nexthop.set': ({ id, nexthop }) => void host.nexthops.set(id, nexthop),
    'nexthop.delete': ({ id }) => dropNexthop(host, id),
    'group.set': ({ id, members }) => void host.groups.set(id, members),
    'group.delete': ({ id }) => dropTarget(host, id),
    'route.set': ({ route }) => putRoute(host, route),
    'route.delete': ({ route }) => dropRoute(host, routeKey(route)),
    'rule.add': ({ rule }) => void host.rules.set(ruleKey(rule), rule),
    'rule.delete': ({ rule }) => void host.rules.delete(ruleKey(rule)),
    'firewall.set': ({ firewall }) => void (host.firewall = firewallFacts(firewall)),
    'firewall.delete': () => void (host.firewall = undefined),
    'bridge.set': ({ mtu }) => void (host.podBridge = { mtu }),
    'cni.write': ({ text }) => setOwnCni(host, text),
    'cni.delete': () => setOwnCni(host, undefined),
    'cni.disable': ({ file }) => renameCni(host, file, `${file}${DISABLED_SUFFIX}`),
    'cni.restore': ({ file }) => renameCni(host, file, enabledName(file)),
    'forward.add': ({ chain, rule }) => void host.forward.get(chain)?.add(rule),
    'forward.delete': ({ chain, rule }) => void host.forward.get(chain)?.delete(rule),
    'conntrack.forget': () => undefined,
  };
}

function setOwnCni(host: ModelHost, own: string | undefined): void {
  const { others = [], disabled = [] } = host.cni ?? {};
  host.cni = { others, disabled, ...(own === undefined ? {} : { own }) };
}

function renameCni(host: ModelHost, from: string, to: string): void {
  if (host.cni === undefined) return;
  const names = [...host.cni.others, ...host.cni.disabled].map((name) => (name === from ? to : name)).toSorted();
  host.cni = { ...host.cni, others: names.filter(isConfiguration), disabled: names.filter((name) => !isConfiguration(name)) };
}

function readdress(host: ModelHost, name: string, change: (now: readonly string[]) => readonly string[]): void {
  const link = host.links.get(name);
  if (link !== undefined) host.links.set(name, { ...link, addresses: change(link.addresses ?? []) });
}
