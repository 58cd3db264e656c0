/**
 * Which cluster stands behind a member id: the UID of its `kube-system` namespace, which lives as long as the cluster
 * (KEP-2149 recommends it as the cluster's identity).
 *
 * One cluster is one member, and one member is one cluster for as long as it is declared. The first id to claim a cluster
 * keeps it.
 */

export type Claim =
  | { readonly ok: true }
  /** Another member is this cluster. */
  | { readonly ok: false; readonly kind: 'taken'; readonly holder: string }
  /** This member was another cluster before. */
  | { readonly ok: false; readonly kind: 'changed'; readonly before: string };

export interface Identities {
  /** Binds `id` to the cluster with this UID, or says what stands against it. */
  claim(id: string, uid: string): Claim;
  /** The member is no longer declared. */
  release(id: string): void;
}

export function createIdentities(): Identities {
  const uidOf = new Map<string, string>();
  const idOf = new Map<string, string>();
  return {
    claim(id, uid) {
      const before = uidOf.get(id);
      if (before !== undefined && before !== uid) return { ok: false, kind: 'changed', before };
      const holder = idOf.get(uid);
      if (holder !== undefined && holder !== id) return { ok: false, kind: 'taken', holder };
      uidOf.set(id, uid);
      idOf.set(uid, id);
      return { ok: true };
    },
    release(id) {
      const uid = uidOf.get(id);
      uidOf.delete(id);
      if (uid !== undefined && idOf.get(uid) === id) idOf.delete(uid);
    },
  };
}
