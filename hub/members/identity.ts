/**
 * What all members show of themselves, and which of them are believed. A cluster is one member at most, and a member stays one
 * cluster as long as it is declared.
 */
import { type Claimant, contenders, judgeIdentity, type Verdict, type Witness } from './judgeIdentity.js';

export interface Identities {
  /** Takes the UID that an API server showed for this member. */
  show(id: string, uid: string): void;
  /** The UID that it showed last. */
  shown(id: string): string | undefined;
  /** The UID that it was recognised with last. Undefined: it was not, in this process. */
  recognised(id: string): string | undefined;
  /** Undefined: it has shown nothing yet. */
  verdict(id: string): Verdict | undefined;
  /** All members that show the same UID as this one and may be that cluster, with this one, sorted; empty if it is alone. */
  contenders(id: string): readonly string[];
  /** Something changed that may tell whose a UID is: those that share one look again. */
  recheck(): void;
  /** The member is no longer declared. */
  release(id: string): void;
}

interface IdentitiesDeps {
  /** The UID that the terms of a member bind it to. */
  readonly boundUid: (id: string) => string | undefined;
  /** All declared members. */
  readonly witnesses: () => readonly Witness[];
  /** These members have to look again at who they are. */
  readonly reconsider: (ids: readonly string[]) => void;
}

export function createIdentities(deps: IdentitiesDeps): Identities {
  const shown = new Map<string, string>();
  /** Ids by UID. */
  const showing = new Map<string, Set<string>>();
  const recognised = new Map<string, string>();

  function forget(id: string): void {
    const uid = shown.get(id);
    if (uid === undefined) return;
    const ids = showing.get(uid);
    ids?.delete(id);
    if (ids?.size === 0) showing.delete(uid);
    shown.delete(id);
  }

  function claimantsOfUid(uid: string): Claimant[] {
    return [...(showing.get(uid) ?? [])].map((id) => {
      const bound = deps.boundUid(id);
      const before = recognised.get(id);
      return { id, shown: uid, ...(bound !== undefined && { bound }), ...(before !== undefined && { before }) };
    });
  }

  function verdict(id: string): Verdict | undefined {
    const uid = shown.get(id);
    const all = uid === undefined ? [] : claimantsOfUid(uid);
    const self = all.find((each) => each.id === id);
    // Asked for every import of every member: whoever shares its UID with nobody needs no witnesses.
    return self === undefined ? undefined : judgeIdentity(self, all, all.length === 1 ? [] : deps.witnesses());
  }

  /** Of those that show this UID: who may be that cluster, if they are several. */
  function contendersFor(uid: string | undefined): string[] {
    const ids = uid === undefined ? [] : contenders(claimantsOfUid(uid)).map((each) => each.id);
    return ids.length > 1 ? ids : [];
  }

  /** All that may be the cluster that this member shows, with it; empty if it is alone, or cannot be that cluster. */
  function rivalry(id: string): string[] {
    const ids = contendersFor(shown.get(id));
    return ids.includes(id) ? ids : [];
  }

  function tellOthers(ids: readonly string[], id: string): void {
    const others = ids.filter((each) => each !== id);
    if (others.length > 0) deps.reconsider(others);
  }

  return {
    show(id, uid) {
      const before = shown.get(id);
      const left = before === uid ? [] : rivalry(id);
      if (before !== uid) {
        forget(id);
        shown.set(id, uid);
        showing.set(uid, (showing.get(uid) ?? new Set()).add(id));
      }
      const { kind } = verdict(id) ?? {};
      if (kind === 'bound') recognised.set(id, uid);
      // It was believed before somebody came who is better known: that is no past of its own.
      if (kind === 'taken') recognised.delete(id);
      if (before !== uid) tellOthers([...left, ...rivalry(id)], id);
    },
    shown: (id) => shown.get(id),
    recognised: (id) => recognised.get(id),
    verdict,
    contenders: rivalry,
    recheck() {
      for (const uid of showing.keys()) {
        const ids = contendersFor(uid);
        if (ids.length > 0) deps.reconsider(ids);
      }
    },
    release(id) {
      const left = rivalry(id);
      forget(id);
      recognised.delete(id);
      tellOthers(left, id);
    },
  };
}
