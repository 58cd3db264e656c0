/**
 * Terms: what the hub's administrator declared for a member, beside its kubeconfig. They bound what the hub believes of what that
 * member says, and say what is to be done with it as a whole.
 *
 * They are read from the annotations of a Secret, or from the same keys in a file. What is malformed has the strictest meaning: an entry
 * of a list that cannot be read allows nothing, and neither does a list without entries. Only what is absent has its default, and what
 * would take away what works: a time to live that cannot be read, and whether the member is drained.
 */
import { isDeepStrictEqual } from 'node:util';
import { ANNOTATION } from '../../core/api/names.js';
import type { Problem } from '../../core/api/problem.js';
import { formatCidr, parseCidr } from '../../core/net/cidr.js';
import { parseDuration } from '../../core/text/duration.js';
import { memberLabels } from './memberLabels.js';

export interface MemberTerms {
  /** Canonical CIDRs that its pods, mesh addresses, Services and nodes may lie in, sorted. Absent: in private ranges. Empty: in none. */
  readonly allowedCIDRs?: readonly string[];
  /** Canonical CIDRs of its Services that others are to route to it, sorted. Absent: none. */
  readonly serviceCIDRs?: readonly string[];
  /** UID of the `kube-system` namespace of the only cluster that may answer under the id, as it was written. Empty: no cluster may. */
  readonly clusterUid?: string;
  /** Namespaces that it may export Services of: names, or prefixes that end in `*`; sorted. Absent: all that the hub allows. */
  readonly exportNamespaces?: readonly string[];
  /** How long what came from it stays while it does not answer, milliseconds. Infinite: for ever. */
  readonly timeToLiveMs?: number;
  /** Its endpoints are held back in all others. */
  readonly drained?: true;
  /** No more of its exports are mirrored than are mirrored already. */
  readonly cordoned?: true;
  /** By which Services prefer it. Absent: it has none. */
  readonly labels?: Readonly<Record<string, string>>;
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
  /** Of the Secret. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Longer lists are cut. */
const MAX_ENTRIES = 256;
const KEYS: ReadonlySet<string> = new Set([
  ANNOTATION.allowedCIDRs,
  ANNOTATION.serviceCIDRs,
  ANNOTATION.clusterUid,
  ANNOTATION.exportNamespaces,
  ANNOTATION.timeToLive,
  ANNOTATION.drain,
  ANNOTATION.cordon,
  ANNOTATION.memberLabels,
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

  const cidrs = (key: string): string[] | undefined => list(key, readCidr, 'CIDRs such as 10.1.0.0/16, with commas between them');
  const ranges = given({ allowedCIDRs: cidrs(ANNOTATION.allowedCIDRs), serviceCIDRs: cidrs(ANNOTATION.serviceCIDRs) });
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
  const yes = (key: string, otherwise: boolean): boolean => {
    const text = single(key);
    if (text === undefined || text === 'true' || text === 'false') return text === 'true';
    complain(key, `is neither true nor false, so it counts as ${otherwise}`);
    return otherwise;
  };
  const drained = yes(ANNOTATION.drain, false);
  const cordoned = yes(ANNOTATION.cordon, true);
  const { labels, complaints } = memberLabels(declared.labels ?? {}, single(ANNOTATION.memberLabels));
  for (const complaint of complaints) complain(ANNOTATION.memberLabels, complaint);
  return {
    terms: {
      ...ranges,
      ...(clusterUid !== undefined && { clusterUid }),
      ...(exportNamespaces !== undefined && { exportNamespaces }),
      ...(timeToLiveMs !== undefined && { timeToLiveMs }),
      ...(drained && { drained }),
      ...(cordoned && { cordoned }),
      ...(Object.keys(labels).length > 0 && { labels }),
    },
    problems,
  };
}

function given({ allowedCIDRs, serviceCIDRs }: Record<'allowedCIDRs' | 'serviceCIDRs', readonly string[] | undefined>): MemberTerms {
  return { ...(allowedCIDRs !== undefined && { allowedCIDRs }), ...(serviceCIDRs !== undefined && { serviceCIDRs }) };
}

function readTimeToLive(text: string): number | undefined {
  return text === 'never' ? Number.POSITIVE_INFINITY : parseDuration(text);
}

/** Whether the two differ only in what is to be done with the member as a whole, and not in what is believed of it. */
export function sameBounds(a: MemberTerms, b: MemberTerms): boolean {
  return isDeepStrictEqual(boundsOf(a), boundsOf(b));
}

function boundsOf({ drained: _drained, cordoned: _cordoned, labels: _labels, ...bounds }: MemberTerms): MemberTerms {
  return bounds;
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
