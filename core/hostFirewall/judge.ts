/**
 * Walks a packet through a table of others, as the kernel would.
 */
import type { Packet } from './packet.js';
import { type Branch, branchesOf } from './rule.js';
import type { Chain, FirewallTable } from './ruleset.js';

export interface Fate {
  /** The chain that drops it, or whose policy does. */
  readonly chain: string;
  /** The base chain that leads there. */
  readonly base: string;
  readonly byPolicy: boolean;
  /** No rule that could accept it comes before. */
  readonly isSure: boolean;
}

/** What drops the packet unless a rule before is about it that may be, or not; undefined: nothing. Told of no rule for single packets. */
export function fateIn(table: FirewallTable, packet: Packet): Fate | undefined {
  if (table.family !== 'inet' && table.family !== packet.family) return undefined;
  const fates = [...table.chains.values()]
    .filter(({ hook }) => hook === packet.hook)
    .flatMap((base) => fateFrom(base, table, packet) ?? []);
  return fates.find(({ isSure }) => isSure) ?? fates[0];
}

function fateFrom(base: Chain, table: FirewallTable, packet: Packet): Fate | undefined {
  const { end, mayPass } = walk({ table, packet, known: new Map() }, base, 0);
  const chain = end.kind === 'drop' ? end.chain : end.kind === 'next' && base.policy === 'drop' ? base.name : undefined;
  return chain === undefined ? undefined : { chain, base: base.name, byPolicy: end.kind === 'next', isSure: !mayPass };
}

interface Walk {
  /** As it is if no rule is about the packet that may be, or not. next: it comes to the end of the chain. */
  readonly end: { readonly kind: 'accept' | 'next' } | { readonly kind: 'drop'; readonly chain: string };
  /** It could be accepted, or leave the chain earlier. */
  readonly mayPass: boolean;
}

interface Setting {
  readonly table: FirewallTable;
  readonly packet: Packet;
  /** Chains that have been walked. */
  readonly known: Map<string, Walk>;
}

const UNKNOWN: Walk = { end: { kind: 'next' }, mayPass: true };
/** nft's own limit. */
const MAX_DEPTH = 16;

function walk(setting: Setting, chain: Chain, depth: number): Walk {
  const known = setting.known.get(chain.name);
  if (known !== undefined) return known;
  const walked = depth > MAX_DEPTH ? UNKNOWN : walkRules(setting, chain, depth);
  setting.known.set(chain.name, walked);
  return walked;
}

function walkRules(setting: Setting, chain: Chain, depth: number): Walk {
  let mayPass = false;
  for (const words of chain.rules) {
    for (const branch of branchesOf(words, setting.packet)) {
      const inside = resultOf(setting, branch, { chain, depth });
      mayPass ||= inside.mayPass || (branch.when === 'maybe' && isWayOut(branch, inside));
      if (branch.when === 'maybe') continue;
      if (branch.kind === 'goto' || branch.kind === 'return' || inside.end.kind !== 'next') return { end: inside.end, mayPass };
    }
  }
  return { end: { kind: 'next' }, mayPass };
}

/** Of a branch that may be taken, or not: whether a packet that takes it could come through. */
function isWayOut(branch: Branch, { end }: Walk): boolean {
  return end.kind === 'accept' || (end.kind === 'next' && branch.kind !== 'jump' && branch.kind !== 'continue');
}

function resultOf(setting: Setting, { kind, target }: Branch, at: { readonly chain: Chain; readonly depth: number }): Walk {
  switch (kind) {
    case 'accept':
      return { end: { kind }, mayPass: false };
    case 'drop':
      return { end: { kind, chain: at.chain.name }, mayPass: false };
    case 'unknown':
      return UNKNOWN;
    case 'return':
    case 'continue':
      return { end: { kind: 'next' }, mayPass: false };
    default: {
      const chain = setting.table.chains.get(target);
      return chain === undefined ? UNKNOWN : walk(setting, chain, at.depth + 1);
    }
  }
}
