/**
 * In what the exporters of one name differ (KEP-1645, "Global Properties"). A difference is told even where nobody loses by
 * it: a port that only some have answers from those only.
 */
import type { ServicePort, ServiceRecord } from './model.js';

export type ConflictReason = 'PortConflict' | 'TypeConflict' | 'SessionAffinityConflict' | 'SessionAffinityConfigConflict' | 'IPFamilyConflict';

export interface ServiceConflict {
  readonly reason: ConflictReason;
  readonly message: string;
}

/** Default of `sessionAffinityConfig.clientIP.timeoutSeconds`. */
const AFFINITY_SECONDS = 10_800;

/** `sorted`: the winner first. */
export function conflictsOf(sorted: readonly ServiceRecord[]): ServiceConflict[] {
  const [winner, ...others] = sorted;
  return winner === undefined ? [] : others.flatMap((other) => {
    const told = differences(winner, other).filter(([, a, b]) => a !== b);
    return told.map(([reason, a, b]) => ({ reason, message: `${winner.cluster}, the older export, ${a}; ${other.cluster} ${b}` }));
  });
}

/** Per property the texts of both sides: equal texts, no difference. */
function differences(winner: ServiceRecord, other: ServiceRecord): (readonly [ConflictReason, string, string])[] {
  const pair = (reason: ConflictReason, text: (record: ServiceRecord) => string): readonly [ConflictReason, string, string] => [reason, text(winner), text(other)];
  const affine = !winner.headless && !other.headless;
  return [
    pair('TypeConflict', ({ headless }) => (headless ? 'is headless' : 'has a virtual address')),
    pair('PortConflict', ({ ports }) => `has ${ports.length === 0 ? 'no ports' : ports.map(portText).toSorted().join(', ')}`),
    ...(affine ? [pair('SessionAffinityConflict', ({ sessionAffinity }) => `asks for session affinity ${sessionAffinity}`)] : []),
    ...(affine && winner.sessionAffinity === 'ClientIP' && other.sessionAffinity === 'ClientIP'
      ? [pair('SessionAffinityConfigConflict', ({ sessionAffinitySeconds }) => `keeps a client for ${sessionAffinitySeconds ?? AFFINITY_SECONDS} s`)]
      : []),
    pair('IPFamilyConflict', ({ ipFamilies }) => `serves ${ipFamilies.toSorted().join(' and ')}`),
  ];
}

function portText({ name, protocol, port, appProtocol }: ServicePort): string {
  return `${name === '' ? '' : `${name} `}${port}/${protocol}${appProtocol === undefined ? '' : ` (${appProtocol})`}`;
}
