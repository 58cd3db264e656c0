/**
 * `ip` and `bridge` of a FakeHost: one line of a batch, as Linux would do it.
 */
import type { HostRoute, HostRule, RouteTarget } from '../../core/host/state.js';
import { type Kernel, loseLink, loseNexthop } from './fakeKernel.js';
import { after, maybe } from './words.js';

/** At the end of a line that went to `ip -6`: what has no address in it says its family by that. */
export const IPV6 = '-6';

type Handler = (kernel: Kernel, words: readonly string[], underlay: string) => string | undefined;

export function runLine(kernel: Kernel, underlay: string, [object = '', verb = '', ...words]: readonly string[]): string | undefined {
  const handler = HANDLERS[`${object} ${verb}`];
  return handler === undefined ? `Object "${object} ${verb}" is unknown` : handler(kernel, words, underlay);
}

const HANDLERS: Readonly<Record<string, Handler>> = {
  'link add': ({ links, lacks }, words) => {
    const name = words[0] ?? '';
    if (lacks.has(after(words, 'type'))) return 'Error: Unknown device type.';
    if (links.has(name)) return 'File exists';
    if (after(words, 'type') === 'ipip') {
      links.set(name, { name, kind: 'ipip', up: false, mtu: Number(after(words, 'mtu')), local: after(words, 'local') });
      return undefined;
    }
    const vxlan = {
      vni: Number(after(words, 'id')),
      port: Number(after(words, 'dstport')),
      local: after(words, 'local'),
      mac: after(words, 'address'),
    };
    links.set(name, { name, kind: 'vxlan', up: false, mtu: Number(after(words, 'mtu')), vxlan });
    return undefined;
  },
  'link set': ({ links }, words) => {
    const link = links.get(words[0] ?? '');
    if (link === undefined) return 'Cannot find device';
    const vxlan =
      link.vxlan === undefined
        ? {}
        : { vxlan: { ...link.vxlan, local: maybe(words, 'local') ?? link.vxlan.local, mac: maybe(words, 'address') ?? link.vxlan.mac } };
    links.set(link.name, { ...link, ...vxlan, mtu: Number(maybe(words, 'mtu') ?? link.mtu), up: link.up || words.includes('up') });
    return undefined;
  },
  'link del': (kernel, words) => loseLink(kernel, words[0] ?? ''),
  'addr replace': ({ addresses, links }, words) => {
    const address = (words[0] ?? '').split('/')[0] ?? '';
    const link = links.get(after(words, 'dev'));
    if (after(words, 'dev') === 'lo') addresses.add(address);
    else if (link === undefined) return 'Cannot find device';
    else links.set(link.name, { ...link, addresses: [...new Set([...(link.addresses ?? []), address])] });
    return undefined;
  },
  'addr del': ({ addresses, links }, words) => {
    const address = (words[0] ?? '').split('/')[0] ?? '';
    const link = links.get(after(words, 'dev'));
    if (link === undefined) return addresses.delete(address) ? undefined : 'Cannot assign requested address';
    links.set(link.name, { ...link, addresses: (link.addresses ?? []).filter((one) => one !== address) });
    return undefined;
  },
  'neigh replace': ({ neighbours }, words) => void neighbours.set(words[0] ?? '', after(words, 'lladdr')),
  'neigh del': ({ neighbours }, words) => (neighbours.delete(words[0] ?? '') ? undefined : 'No such file or directory'),
  'fdb replace': ({ fdb }, words) => void fdb.set(words[0] ?? '', after(words, 'dst')),
  'fdb del': ({ fdb }, words) => (fdb.delete(words[0] ?? '') ? undefined : 'No such file or directory'),
  'nexthop replace': (kernel, words, underlay) => {
    const id = Number(after(words, 'id'));
    const members = maybe(words, 'group')?.split('/').map(Number);
    if (members !== undefined) {
      if (members.some((member) => !kernel.nexthops.has(member))) return 'Invalid nexthop id';
      kernel.groups.set(id, members);
      return undefined;
    }
    const dev = after(words, 'dev');
    if (dev !== underlay && !kernel.plugins.has(dev) && kernel.links.get(dev)?.up !== true) return 'Network is down';
    const via = maybe(words, 'via');
    kernel.nexthops.set(id, {
      dev,
      ...(via === undefined ? {} : { via }),
      family: words.includes(IPV6) ? 'inet6' : 'inet',
      onlink: words.includes('onlink'),
    });
    return undefined;
  },
  'nexthop del': (kernel, words) => loseNexthop(kernel, Number(after(words, 'id'))),
  'route replace': (kernel, words) => {
    const dst = words.find((word) => word.includes('/')) ?? '';
    const src = maybe(words, 'src');
    const to = routeTarget(kernel, words);
    if (to === undefined) return 'Nexthop id does not exist';
    if (src !== undefined && !kernel.addresses.has(src) && !src.startsWith('10.0.')) return 'Invalid prefsrc address';
    const route: HostRoute = {
      dst,
      table: Number(after(words, 'table')),
      metric: Number(after(words, 'metric')),
      to,
      ...(src === undefined ? {} : { src }),
    };
    kernel.routes.set(`${route.table} ${dst} ${route.metric}`, route);
    return undefined;
  },
  'route del': ({ routes }, words) =>
    routes.delete(`${after(words, 'table')} ${words.find((word) => word.includes('/'))} ${after(words, 'metric')}`)
      ? undefined
      : 'No such process',
  'rule add': ({ rules }, words) => {
    const { key, rule } = ruleOf(words);
    if (rules.has(key)) return 'File exists';
    rules.set(key, rule);
    return undefined;
  },
  'rule del': ({ rules }, words) => (rules.delete(ruleOf(words).key) ? undefined : 'No such file or directory'),
};

function routeTarget(kernel: Kernel, words: readonly string[]): RouteTarget | undefined {
  if (words[0] === 'unreachable') return { kind: 'unreachable' };
  const dev = maybe(words, 'dev');
  if (dev !== undefined) return { kind: 'device', dev };
  const id = Number(after(words, 'nhid'));
  if (kernel.groups.has(id)) return { kind: 'group', id };
  return kernel.nexthops.has(id) ? { kind: 'nexthop', id } : undefined;
}

function ruleOf(words: readonly string[]): { readonly key: string; readonly rule: HostRule } {
  const side = (name: string): string | undefined => (after(words, name) === 'all' ? undefined : after(words, name));
  const from = side('from');
  const to = side('to');
  const iif = maybe(words, 'iif');
  const sport = maybe(words, 'sport');
  const family = words.includes(IPV6) ? 'inet6' : 'inet';
  const rule: HostRule = {
    priority: Number(after(words, 'priority')),
    family,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(iif === undefined ? {} : { iif }),
    ...(sport === undefined ? {} : { sport: Number(sport) }),
    table: Number(after(words, 'table')),
  };
  return { key: `${rule.priority} ${family} ${from ?? 'all'} ${to ?? 'all'} ${iif ?? 'any'} ${sport ?? 'any'} ${rule.table}`, rule };
}
