/**
 * Terms: what the hub's administrator declared for a member, beside its kubeconfig. They bound what the hub believes of what that
 * member says.
 *
 * They are read from the annotations of a Secret, or from the same keys in a file. What is malformed has the strictest meaning: an entry
 * of a list that cannot be read allows nothing, and neither does a list without entries. Only what is absent has its default, and a time to
 * live that cannot be read, since one that is too short takes away what works.
 */
import { ANNOTATION } from '../../core/api/names.js';
import type { Problem } from '../../core/api/problem.js';
import { formatCidr, parseCidr } from '../../core/net/cidr.js';
import { parseDuration } from '../../core/text/duration.js';

export interface MemberTerms {
  /** Canonical CIDRs that its pods, mesh addresses, Services and nodes may lie in, sorted. Absent: in private ranges. Empty: in none. */
  readonly allowedCIDRs?: readonly string[];
  /** UID of the `kube-system` namespace of the only cluster that may answer under the id, as it was written. Empty: no cluster may. */
  readonly clusterUid?: string;
  /** Namespaces that it may export Services of: names, or prefixes that end in `*`; sorted. Absent: all that the hub allows. */
  readonly exportNamespaces?: readonly string[];
  /** How long what came from it stays while it does not answer, milliseconds. Infinite: for ever. */
  readonly timeToLiveMs?: number;
}

export interface TermsRead {
  readonly terms: MemberTerms;
  readonly problems: readonly Problem[];
}

interface Declared {
  /** Id of the member. */
  readonly id: string;
  /** Where the terms are written, for messages. */
  readonly origin: string;
}

/** Longer lists are cut. */
const MAX_ENTRIES = 256;
const KEYS: ReadonlySet<string> = new Set([
  ANNOTATION.allowedCIDRs,
  ANNOTATION.clusterUid,
  ANNOTATION.exportNamespaces,
  ANNOTATION.timeToLive,
]);
const UID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const NAMESPACES = /^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?|([a-z0-9][-a-z0-9]{0,61})?\*)$/;

/** Terms that allow nothing, for a file that is there and cannot be read. */
export const STRICTEST: MemberTerms = { allowedCIDRs: [], clusterUid: '', exportNamespaces: [] };

/** `annotations`: others than those of terms are passed over, unless they begin as ours do and so may be misspelt. */
export function readTerms(annotations: Readonly<Record<string, string>>, declared: Declared): TermsRead {
  const problems: Problem[] = [];
  const complain = (key: string, message: string): void =>
    void problems.push(badTerms(declared.id, `${key} of ${declared.origin} ${message}`));
  for (const key of Object.keys(annotations)
    .filter((each) => each.startsWith('kilofed.io/') && !KEYS.has(each))
    .toSorted())
    complain(key, `means nothing: there are ${[...KEYS].join(', ')}`);

  const list = (key: string, read: (entry: string) => string | undefined, wanted: string): string[] | undefined => {
    const text = Object.hasOwn(annotations, key) ? annotations[key] : undefined;
    if (text === undefined) return undefined;
    const entries = text.split(',').flatMap((entry) => entry.trim() || []);
    if (entries.length > MAX_ENTRIES) complain(key, `has more than ${MAX_ENTRIES} entries: those after them are left out`);
    return [
      ...new Set(
        entries.slice(0, MAX_ENTRIES).flatMap((entry) => {
          const good = read(entry);
          if (good === undefined) complain(key, `lists ${JSON.stringify(entry.slice(0, 64))}, which is left out: write ${wanted}`);
          return good ?? [];
        }),
      ),
    ].toSorted();
  };

  const allowedCIDRs = list(ANNOTATION.allowedCIDRs, readCidr, 'CIDRs such as 10.1.0.0/16, with commas between them');
  const exportNamespaces = list(
    ANNOTATION.exportNamespaces,
    (entry) => (NAMESPACES.test(entry) ? entry : undefined),
    'names of namespaces, or prefixes such as team-*, with commas between them',
  );
  const single = (key: string): string | undefined => (Object.hasOwn(annotations, key) ? annotations[key]?.trim() : undefined);
  const clusterUid = single(ANNOTATION.clusterUid);
  if (clusterUid !== undefined && !UID.test(clusterUid))
    complain(ANNOTATION.clusterUid, 'is no UID, so no cluster may answer: write what kubectl get namespace kube-system -o yaml says');
  const timeToLive = single(ANNOTATION.timeToLive);
  const timeToLiveMs = timeToLive === undefined ? undefined : readTimeToLive(timeToLive);
  if (timeToLive !== undefined && timeToLiveMs === undefined)
    complain(ANNOTATION.timeToLive, 'is no span of time, so it is 24h: write one such as 90m, 24h or 7d, or never');
  return {
    terms: {
      ...(allowedCIDRs !== undefined && { allowedCIDRs }),
      ...(clusterUid !== undefined && { clusterUid }),
      ...(exportNamespaces !== undefined && { exportNamespaces }),
      ...(timeToLiveMs !== undefined && { timeToLiveMs }),
    },
    problems,
  };
}

function readTimeToLive(text: string): number | undefined {
  return text === 'never' ? Number.POSITIVE_INFINITY : parseDuration(text);
}

export function badTerms(id: string, message: string): Problem {
  return { cluster: id, subject: { kind: 'member' }, reason: 'BadTerms', message };
}

/** A single address needs its prefix length, too: `10.0.0.0` for `10.0.0.0/8` would be a silent mistake. Host bits likewise. */
function readCidr(entry: string): string | undefined {
  const cidr = entry.includes('/') ? parseCidr(entry) : undefined;
  const [address = ''] = entry.split('/');
  if (cidr === undefined || parseCidr(address)?.first !== cidr.first) return undefined;
  return formatCidr(cidr);
}
