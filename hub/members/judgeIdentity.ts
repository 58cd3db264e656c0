/**
 * Whether the cluster behind a kubeconfig is the member that the kubeconfig is declared for.
 *
 * A cluster is known by the UID of its `kube-system` namespace, which lives as long as the cluster (KEP-2149 recommends it). The UID
 * is no secret, and any API server can say it. So of several that show one UID, it does not matter which answered first. The terms
 * decide if they bind one of them. Else what stands in members that are not concerned does: the hub's Peers there have the UID of the
 * cluster that they lead to. If that does not tell either, nobody is believed, and a person has to say it (decision 26).
 */

export type Verdict =
  | { readonly kind: 'bound' }
  /** The terms bind the member to another cluster. */
  | { readonly kind: 'foreign' }
  /** This member was another cluster before, in this process. */
  | { readonly kind: 'changed' }
  /** Another member is this cluster: the terms say so, or what stands elsewhere does. */
  | { readonly kind: 'taken'; readonly holder: string }
  /** Others show the same UID, and nothing tells whose it is. */
  | { readonly kind: 'contested' }
  /** The same, but those who may tell have not been read yet. */
  | { readonly kind: 'waiting' };

export interface Claimant {
  readonly id: string;
  /** The UID that its API server showed last. */
  readonly shown: string;
  /** The UID that its terms bind it to. Absent: to none. */
  readonly bound?: string;
  /** The UID that it was recognised with in this process. Absent: it was not. */
  readonly before?: string;
}

/** A member, as a witness of what stands in it. */
export interface Witness {
  readonly id: string;
  /** Whether it has been read, or certainly will not be. */
  readonly settled: boolean;
  /** Of each of our Peers in it that leads to the member: the UID that was written on it. Undefined: none was. */
  uidsOf(member: string): readonly (string | undefined)[];
}

/** `all`: those that show the UID that `self` shows, with it. */
export function judgeIdentity(self: Claimant, all: readonly Claimant[], witnesses: readonly Witness[]): Verdict {
  const own = ownVerdict(self);
  if (own !== undefined) return own;
  const claimants = contenders(all);
  const rivals = claimants.filter(({ id }) => id !== self.id);
  if (rivals.length === 0) return { kind: 'bound' };
  const bound = claimants.filter((each) => each.bound !== undefined);
  const holder = bound.length > 0 ? only(bound) : only(bestKnown(claimants, witnesses));
  if (holder !== undefined) return holder.id === self.id ? { kind: 'bound' } : { kind: 'taken', holder: holder.id };
  const unread = witnesses.some(({ id, settled }) => !settled && !claimants.some((each) => each.id === id));
  return bound.length === 0 && unread ? { kind: 'waiting' } : { kind: 'contested' };
}

/** Of those that show one UID: those that nothing of their own speaks against, sorted by id. */
export function contenders(all: readonly Claimant[]): readonly Claimant[] {
  return all.filter((each) => ownVerdict(each) === undefined).toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** What its own terms and its own past say. A binding is newer than the past: whoever wrote it knows that it is another cluster now. */
function ownVerdict({ shown, bound, before }: Claimant): Verdict | undefined {
  if (bound !== undefined) return bound === shown ? undefined : { kind: 'foreign' };
  return before === undefined || before === shown ? undefined : { kind: 'changed' };
}

/**
 * Those for whom most members speak. A claimant is no witness, neither for itself nor against another: it could say anything. A Peer
 * without a UID, as hubs wrote them before, tells only that its member was there, and counts if nothing better does.
 */
function bestKnown(claimants: readonly Claimant[], witnesses: readonly Witness[]): readonly Claimant[] {
  const neutral = witnesses.filter(({ id }) => !claimants.some((each) => each.id === id));
  for (const speaksFor of [
    ({ id, shown }: Claimant) => neutral.filter((each) => each.uidsOf(id).includes(shown)).length,
    ({ id }: Claimant) => neutral.filter((each) => each.uidsOf(id).includes(undefined)).length,
  ]) {
    const most = Math.max(...claimants.map(speaksFor));
    if (most > 0) return claimants.filter((each) => speaksFor(each) === most);
  }
  return [];
}

function only<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}
