/**
 * All members together: who exports what, who claims what, and who is not a member any more.
 */
import { addressOf, singleAddress } from '../../core/net/cidr.js';
import type { Complaint } from '../../core/api/problem.js';
import { exportRefusal, type NamespaceRules } from '../../core/services/consent.js';
import type { Member } from '../members/member.js';
import type { ClusterFacts } from '../records/admit/clusterFacts.js';
import { createArrivals, type Arrivals } from './arrivals.js';
import { createExportIndex } from './exportIndex.js';
import { type Claims, findClaims } from './claims.js';
import { type Contested, type Contests, findContests } from './contests.js';

export interface Federation {
  /** Ids of the declared members, sorted. */
  ids(): readonly string[];
  member(id: string): Member | undefined;
  /** A member whose records are complete, and not so old that they were withdrawn. */
  known(id: string): Member | undefined;
  /** Whether it is certainly not a member, or is withdrawn, so that what is left of it may be deleted. */
  isGone(id: string): boolean;
  /** Why the member exports nothing from the namespace. Undefined: it may, or it is no member. */
  exportRefusal(id: string, namespace: string): Complaint | undefined;
  /** The order in which exporters were first seen. */
  readonly arrivals: Arrivals;
  /** Ids of the members known to export a Service, and that may, sorted. */
  exportersOf(service: string): readonly string[];
  /** Every Service that anybody exports and may export, as `namespace/name`, with its exporters. */
  exported(): ReadonlyMap<string, readonly string[]>;
  /** Those of one namespace. */
  exportedIn(namespace: string): ReadonlySet<string>;
  /** What a member with these facts claims for itself. */
  claimsOf(facts: ClusterFacts): Claims;
  /** Ids of the members besides `id` that claim a key, a node's address or a tunnel's end among these. */
  contenders(claims: Contested, id: string): readonly string[];
  /** Addresses of the members' API servers, where their kubeconfigs name addresses. */
  apiServers(): readonly { readonly id: string; readonly address: string }[];
  /** Something changed of what members have: facts, foreign Peers, or where their API servers are. */
  factsChanged(): void;
  /** Some member exports this Service now, or does not any more. */
  exportChanged(service: string): void;
  /** Some member may export something else than before, or was read, or left. */
  exportsChanged(): void;
  /** Counts `factsChanged`: what is derived from facts may be cached while it stays the same. */
  generation(): number;
}

interface FederationDeps {
  readonly members: () => readonly Member[];
  readonly isGone: (id: string) => boolean;
  /** It has been away for longer than its time to live. */
  readonly isWithdrawn: (id: string) => boolean;
  readonly rules: NamespaceRules;
}

export function createFederation(deps: FederationDeps): Federation {
  let generation = 0;
  const claims = new WeakMap<ClusterFacts, Claims>();
  let contests: Contests | undefined;

  let byId: { readonly of: readonly Member[]; readonly members: ReadonlyMap<string, Member> } | undefined;

  const member = (id: string): Member | undefined => {
    const all = deps.members();
    if (byId?.of !== all) byId = { of: all, members: new Map(all.map((each) => [each.id, each])) };
    return byId.members.get(id);
  };
  const known = (id: string): Member | undefined => {
    const found = member(id);
    return found?.synced() === true && !deps.isWithdrawn(id) ? found : undefined;
  };
  const ids = (): readonly string[] => deps.members().map(({ id }) => id);
  const present = (): readonly Member[] => deps.members().filter(({ id }) => !deps.isWithdrawn(id));

  function claimsOf(facts: ClusterFacts): Claims {
    const found = claims.get(facts) ?? findClaims(facts);
    claims.set(facts, found);
    return found;
  }

  function contestsNow(): Contests {
    contests ??= findContests(
      present().flatMap(({ id, records }) => {
        const facts = records.facts();
        return facts === undefined ? [] : [{ id, claims: claimsOf(facts) }];
      }),
    );
    return contests;
  }

  function refusal(id: string, namespace: string): Complaint | undefined {
    const terms = member(id)?.terms();
    return terms === undefined
      ? undefined
      : exportRefusal({ namespace, member: id, exportNamespaces: terms.exportNamespaces, rules: deps.rules });
  }

  const exports = createExportIndex({ members: present, mayExport: (id, namespace) => refusal(id, namespace) === undefined });

  return {
    ids,
    member,
    known,
    isGone: (id) => deps.isGone(id) || deps.isWithdrawn(id),
    exportRefusal: refusal,
    arrivals: createArrivals(),
    exportersOf: (service) => exports.all().get(service) ?? [],
    exported: exports.all,
    exportedIn: exports.inNamespace,
    claimsOf,
    contenders: (of, id) => contestsNow().contenders(of, id),
    apiServers: () =>
      deps.members().flatMap((each) => {
        const address = addressOfServer(each.server());
        return address === undefined ? [] : [{ id: each.id, address }];
      }),
    factsChanged() {
      contests = undefined;
      generation += 1;
    },
    exportChanged: exports.changed,
    exportsChanged: exports.reset,
    generation: () => generation,
  };
}

/** `https://[fd00::1]:6443` -> `fd00::1/128`. Undefined: a DNS name. */
function addressOfServer(server: string | undefined): string | undefined {
  const host = server !== undefined && URL.canParse(server) ? new URL(server).hostname.replace(/^\[|\]$/g, '') : '';
  const address = addressOf(host);
  return address === undefined ? undefined : singleAddress(address);
}
