/**
 * How the exporters of one Service differ (KEP-1645, "Global Properties"). Every difference is reported, even where nobody
 * loses by it.
 */
import { printable } from '../text/printable.js';
import type { ServicePort, ServiceRecord } from './model.js';
import { type ServiceShape, shapeOf } from './serviceShape.js';

type ConflictReason =
  | 'AnnotationsConflict'
  | 'IPFamilyConflict'
  | 'InternalTrafficPolicyConflict'
  | 'LabelsConflict'
  | 'PortConflict'
  | 'SessionAffinityConfigConflict'
  | 'SessionAffinityConflict'
  | 'TrafficDistributionConflict'
  | 'TypeConflict';

export interface ServiceConflict {
  readonly reason: ConflictReason;
  readonly message: string;
}

/** Code units that are shown of what each side has: a Service can have a hundred ports with long names. */
const SHOWN = 500;
/** Default of `sessionAffinityConfig.clientIP.timeoutSeconds`. */
const AFFINITY_SECONDS = 10_800;

/**
 * `followed`: for each importing member, the exporter whose shape its mirror has. Members need not agree: each keeps what it had
 * first. So the messages say who decides where, and are true in either case.
 */
export function conflictsOf(records: readonly ServiceRecord[], followed: ReadonlyMap<string, string>): ServiceConflict[] {
  const importersOf = (exporter: string): string[] => [...followed].flatMap(([id, first]) => (first === exporter ? [id] : [])).toSorted();
  const ranked = records
    .map((record) => ({ compared: comparedOf(record), cluster: record.cluster, importers: importersOf(record.cluster) }))
    .toSorted((a, b) => b.importers.length - a.importers.length || (a.cluster < b.cluster ? -1 : 1));
  const [first, ...others] = ranked;
  const text = ({ cluster, importers }: (typeof ranked)[number], says: string): string =>
    importers.length === 0 ? `${cluster} ${says}` : `${cluster} ${says}, and decides in ${importers.join(', ')}`;
  return first === undefined
    ? []
    : others.flatMap((other) =>
        differences(first.compared, other.compared)
          .filter(([, a, b]) => a !== b)
          .map(([reason, a, b]) => ({ reason, message: `${text(first, printable(a, SHOWN))}; ${text(other, printable(b, SHOWN))}` })),
      );
}

/** What has to be equal, as text where that is long. */
interface Compared extends ServiceShape {
  readonly exportedLabels: string;
  readonly exportedAnnotations: string;
}

function comparedOf(record: ServiceRecord): Compared {
  return {
    ...shapeOf(record),
    exportedLabels: mapText(record.exportedLabels),
    exportedAnnotations: mapText(record.exportedAnnotations),
  };
}

function mapText(map: Readonly<Record<string, string>> = {}): string {
  return Object.entries(map)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .toSorted()
    .join(', ');
}

/** For each property, how either side describes it. Equal texts mean that there is no difference. */
function differences(winner: Compared, other: Compared): (readonly [ConflictReason, string, string])[] {
  const pair = (reason: ConflictReason, text: (shape: Compared) => string): readonly [ConflictReason, string, string] => [
    reason,
    text(winner),
    text(other),
  ];
  const affine = !winner.headless && !other.headless;
  return [
    pair('TypeConflict', ({ headless }) => (headless ? 'is headless' : 'has a virtual address')),
    pair('PortConflict', ({ ports }) => `has ${ports.length === 0 ? 'no ports' : ports.map(portText).toSorted().join(', ')}`),
    ...(affine ? [pair('SessionAffinityConflict', ({ sessionAffinity }) => `asks for session affinity ${sessionAffinity}`)] : []),
    ...(affine && winner.sessionAffinity === 'ClientIP' && other.sessionAffinity === 'ClientIP'
      ? [
          pair(
            'SessionAffinityConfigConflict',
            ({ sessionAffinitySeconds }) => `keeps a client for ${sessionAffinitySeconds ?? AFFINITY_SECONDS} s`,
          ),
        ]
      : []),
    pair('IPFamilyConflict', ({ ipFamilies }) => `serves ${ipFamilies.toSorted().join(' and ')}`),
    pair('InternalTrafficPolicyConflict', ({ internalTrafficPolicy = 'Cluster' }) => `has internalTrafficPolicy ${internalTrafficPolicy}`),
    pair('TrafficDistributionConflict', ({ trafficDistribution = 'none' }) => `has trafficDistribution ${trafficDistribution}`),
    pair('LabelsConflict', ({ exportedLabels }) => `exports ${exportedLabels === '' ? 'no labels' : `the labels ${exportedLabels}`}`),
    pair(
      'AnnotationsConflict',
      ({ exportedAnnotations }) => `exports ${exportedAnnotations === '' ? 'no annotations' : `the annotations ${exportedAnnotations}`}`,
    ),
  ];
}

function portText({ name, protocol, port, appProtocol }: ServicePort): string {
  return `${name === '' ? '' : `${name} `}${port}/${protocol}${appProtocol === undefined ? '' : ` (${appProtocol})`}`;
}
