import type { HostState } from '../../core/host/state.js';

/** A host with nothing of ours. */
export const EMPTY_HOST: HostState = {
  at: 0,
  links: new Map(),
  pluginDevices: new Set(),
  wireguard: new Map(),
  addresses: new Set(),
  neighbours: new Map(),
  fdb: new Map(),
  nexthops: new Map(),
  groups: new Map(),
  routes: new Map(),
  rules: new Map(),
  sysctls: new Map(),
};
