/**
 * How the endpoints behind one imported Service are chosen among members, as it stands on the ServiceImport: for the hub, and for the
 * cluster-agent that stands in for it.
 *
 * In a cluster that exports the Service too, its own word counts there. Everywhere else it is that of the exporter who decides the shape,
 * so a newcomer attracts no traffic by what it prefers (decision 25).
 */
import * as z from 'zod';
import type { ExportRequest } from './annotations.js';
import type { ServiceRecord } from './model.js';

export interface ChoicePolicy {
  /** The member that imports. */
  readonly self: string;
  /** It exports the Service itself, and consents that its own name reaches the others. */
  readonly affinity?: 'local' | 'none' | 'remote';
  /** Tiers of members, the best first. Members of none come last. */
  readonly prefer?: readonly (readonly string[])[];
  /** Shares by member, 0 to 1,000. One that is not named has 1. */
  readonly weights?: Readonly<Record<string, number>>;
  /** Members that do not serve here, whatever else there is. */
  readonly drained?: readonly string[];
}

interface PolicyInput {
  /** Id of the member that imports. */
  readonly self: string;
  /** Those with a part in the mirror, by precedence. */
  readonly exporters: readonly Pick<ServiceRecord, 'cluster' | 'export'>[];
  /** Ids of those with a part in it of whose Services nothing is known now. */
  readonly unknown: readonly string[];
  readonly termsOf: (member: string) => MemberTerms;
  /** Whoever decides the shape is unknown, and what it asks for stands here. Absent: it is the first of the exporters. */
  readonly standing?: string | undefined;
}

/** What the hub's administrator declared for a member. */
export interface MemberTerms {
  readonly labels?: Readonly<Record<string, string>>;
  readonly drained?: true;
}

/** Undefined: all members are alike. */
export function choicePolicy({ self, exporters, unknown, termsOf, standing }: PolicyInput): ChoicePolicy | undefined {
  const ids = [...exporters.map(({ cluster }) => cluster), ...unknown].toSorted();
  const own = exporters.find(({ cluster }) => cluster === self)?.export;
  const said = own !== undefined && chooses(own) ? own : exporters[0]?.export;
  const { prefer = [], weights = {} } =
    said !== own && standing !== undefined ? (readPolicy(standing) ?? {}) : resolved(said, ids, termsOf);
  const drained = ids.filter((member) => member !== self && termsOf(member).drained === true);
  const policy: ChoicePolicy = {
    self,
    ...(own?.affinity !== undefined && { affinity: own.affinity }),
    ...(prefer.length > 0 && { prefer }),
    ...(Object.keys(weights).length > 0 && { weights }),
    ...(drained.length > 0 && { drained }),
  };
  return Object.keys(policy).length === 1 ? undefined : policy;
}

function chooses({ prefer, weights }: ExportRequest): boolean {
  return prefer !== undefined || weights !== undefined;
}

/** Of those that have a part in the mirror. The best tier that names a member counts. */
function resolved(
  said: ExportRequest | undefined,
  ids: readonly string[],
  termsOf: PolicyInput['termsOf'],
): Pick<ChoicePolicy, 'prefer' | 'weights'> {
  const placed = new Set<string>();
  const prefer = (said?.prefer ?? []).flatMap((entry) => {
    const tier = ids.filter((member) => !placed.has(member) && isOf(entry, member, termsOf(member)));
    for (const member of tier) placed.add(member);
    return tier.length === 0 ? [] : [tier];
  });
  return { prefer, weights: Object.fromEntries(Object.entries(said?.weights ?? {}).filter(([member]) => ids.includes(member))) };
}

/** `entry`: the id of a member, or a label. */
function isOf(entry: string, member: string, { labels = {} }: MemberTerms): boolean {
  if (!entry.includes('=')) return entry === member;
  const [key = '', value] = entry.split('=');
  return Object.hasOwn(labels, key) && labels[key] === value;
}

const id = z.string().max(63);
const policy = z.object({
  self: id,
  affinity: z.exactOptional(z.enum(['local', 'none', 'remote'])),
  prefer: z.exactOptional(z.array(z.array(id).max(1_000)).max(1_000)),
  weights: z.exactOptional(z.record(id, z.number().min(0).max(1_000))),
  drained: z.exactOptional(z.array(id).max(1_000)),
});

/** One line of JSON, equal for equal policies. */
export function writePolicy({ self, affinity, prefer, weights, drained }: ChoicePolicy): string {
  const sorted = weights === undefined ? undefined : Object.fromEntries(Object.entries(weights).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify({ self, affinity, prefer, weights: sorted, drained });
}

/** Undefined: nobody of ours wrote it. */
export function readPolicy(text: string): ChoicePolicy | undefined {
  try {
    const read = policy.safeParse(JSON.parse(text));
    return read.success ? read.data : undefined;
  } catch {
    return undefined;
  }
}
