/**
 * Gathers what is known of one service in its exporters and in the target, as the planner needs it.
 */
import { DEFAULT_NAMESPACE } from '../../../core/api/names.js';
import { familyOf } from '../../../core/net/cidr.js';
import { clusterIpRefusal } from '../../../core/services/clusterIp.js';
import { importRefusal } from '../../../core/services/consent.js';
import type { Exporter } from '../../../core/services/importParts.js';
import type { ServiceRecord } from '../../../core/services/model.js';
import { derivedServiceName } from '../../../core/services/names.js';
import type { NameHolder } from '../../../core/services/importName.js';
import type { CreationConsent } from '../../../core/services/namespaceCreation.js';
import type { ImportInput } from '../../../core/services/planImport.js';
import type { ClusterFacts } from '../../records/admit/clusterFacts.js';
import type { MemberRecords } from '../../records/memberRecords.js';
import type { Context } from '../context.js';
import { formatKey } from '../keys.js';
import { type MemberView, memberView } from '../memberView.js';
import { withPortsBefore } from './portsBefore.js';
import { contributors, mirrorIn, type ObservedMirror, standingOf } from './standingMirror.js';

export interface ObservedImport {
  readonly input: ImportInput;
  readonly mirror: ObservedMirror;
  /** The derived name, as `namespace/name`. */
  readonly derivedKey: string;
  /** For how long the own name counts as freed just now, milliseconds. 0: it does not. */
  readonly freedMs: number;
  /** When an exporter whose EndpointSlices lag behind its Service is waited for no longer, milliseconds. Absent: none is. */
  readonly lagMs?: number;
  /** Contributors to the existing mirror that nobody consents to any more: nobody has to be asked before their part goes. */
  readonly unwanted: ReadonlySet<string>;
  /** Why exporters cannot be evaluated yet. */
  readonly waiting: readonly string[];
}

export function observeImport(service: string, context: Context): ObservedImport {
  const { target, federation, rules, sha256 } = context;
  const [namespace = '', name = ''] = service.split('/');
  const { exporters: known, waiting } = knownExporters(service, context);
  const { records } = target;
  const mirror = mirrorIn(records, service);
  const standing = standingOf(mirror, context.outcomes.get(target.id, formatKey({ kind: 'service', service }))?.exporters ?? []);
  const { exporters, lagMs } = withPortsBefore(service, known, { mirror, standing, wait: context.slicesWait });
  for (const id of [target.id, ...contributors(mirror)]) if (federation.member(id) !== undefined) seen(id, context);
  // What stands is not taken away because its exporter exports too much elsewhere.
  for (const id of contributors(mirror)) {
    if (federation.known(id)?.records.waits(service) === true) waiting.set(id, `${id} exports more Services than the hub takes`);
  }
  const consent = records.namespace(namespace)?.consent ?? {};
  const derivedKey = `${namespace}/${derivedServiceName(namespace, name, sha256)}`;
  const derived = holderOf(records, derivedKey, service);
  if (derived === 'foreign') context.takenNames.set(derivedKey, service);
  const unwanted = new Set(
    contributors(mirror).filter(
      (exporter) =>
        federation.exportRefusal(exporter, namespace) !== undefined ||
        (exporter !== target.id && importRefusal({ namespace, exporter, target: target.id, consent, rules }) !== undefined),
    ),
  );
  return {
    input: {
      namespace,
      name,
      target: {
        id: target.id,
        ipFamilies: familiesOf(records.facts()),
        namespace: namespaceOf(records, namespace),
        consent,
        creation: creationConsent(context),
        sameNamed: holderOf(records, service, service),
        derived,
        standing,
        importTaken: records.imports().get(service)?.own === false,
      },
      exporters,
      unknown: contributors(mirror).filter(
        (id) => !unwanted.has(id) && (waiting.has(id) || (federation.known(id) === undefined && !federation.isGone(id))),
      ),
      termsOf: (id) => federation.member(id)?.terms() ?? {},
      rules,
      exportToDefault: context.exportToDefault,
      sha256,
    },
    mirror,
    derivedKey,
    freedMs: records.freedMs(service),
    unwanted,
    ...(lagMs !== undefined && { lagMs }),
    waiting: [...waiting.values()],
  };
}

/** `waiting`: why others cannot be evaluated yet, by id. Nobody else waits for them. */
function knownExporters(
  service: string,
  context: Context,
): { readonly exporters: readonly Exporter[]; readonly waiting: Map<string, string> } {
  const { federation, target } = context;
  const exporters: Exporter[] = [];
  const waiting = new Map<string, string>();
  for (const id of federation.exportersOf(service)) {
    const member = federation.known(id);
    const entry = member?.records.services().get(service);
    if (member === undefined || entry?.kind !== 'exported') continue;
    const slices = member.records.slicesOf(service);
    if (slices === undefined) {
      waiting.set(id, `the endpoints of ${id} are being read`);
      continue;
    }
    const view = seen(id, context);
    const { verdict, networks, substitutes, segments } = view;
    if (verdict?.kind === 'wait') waiting.set(id, verdict.reason);
    else
      exporters.push({
        service: entry.record,
        slices,
        networks,
        ...byClusterIp(entry.record, member.records, view),
        substitutes,
        seen: federation.arrivals.seen(id, service),
        ...(verdict?.kind === 'refuse' && { unreachableReason: verdict.message }),
        ...(segments !== undefined && { segments }),
        ...(id !== target.id && member.terms().drained && { drained: true }),
        ...(member.terms().cordoned && { cordoned: true }),
      });
  }
  return { exporters, waiting };
}

/** In the exporter itself its pods serve. */
function byClusterIp(service: ServiceRecord, { facts }: MemberRecords, { verdict, services }: MemberView): Pick<Exporter, 'services'> {
  if (verdict === undefined || service.export.endpoints !== 'clusterip') return {};
  return clusterIpRefusal(service, facts()?.routedServiceCIDRs ?? []) === undefined ? { services } : {};
}

/** A member as it is seen from the target. When that changes, the import is planned again. */
function seen(id: string, context: Context): MemberView {
  const view = memberView(id, context);
  context.importViews.used(id, view);
  return view;
}

/** `ours`: an object of ours that mirrors this very service. */
function holderOf(records: MemberRecords, key: string, service: string): NameHolder {
  const entry = records.services().get(key);
  if (entry === undefined) return records.freedMs(key) > 0 ? 'freed' : 'none';
  if (entry.kind !== 'own' && entry.offered === true) return 'offered';
  const mine = entry.kind === 'own' && records.mirrorsOf(service).services.some((each) => each.metadata.name === entry.name);
  return mine ? 'ours' : 'foreign';
}

/** The namespace of the hub's account speaks for the whole member. */
function creationConsent({ target: { records }, making }: Context): CreationConsent {
  const creates = records.namespace(DEFAULT_NAMESPACE)?.consent.creates;
  return { ...(creates !== undefined && { creates }), madeFor: (id) => records.namespacesMadeFor(id) + making.countFor(id) };
}

function namespaceOf(records: MemberRecords, namespace: string): 'present' | 'absent' | 'terminating' {
  switch (records.namespace(namespace)?.phase) {
    case 'active':
      return 'present';
    case 'terminating':
      return 'terminating';
    default:
      return 'absent';
  }
}

/** The families of a cluster are those of its Service ranges. If these are unknown, IPv4 is assumed. */
function familiesOf(facts: ClusterFacts | undefined): ('IPv4' | 'IPv6')[] {
  const families = new Set((facts?.serviceCIDRs ?? []).map((cidr) => (familyOf(cidr) === 4 ? 'IPv4' : 'IPv6')));
  if (families.size === 0) return ['IPv4'];
  return (['IPv4', 'IPv6'] as const).filter((family) => families.has(family));
}
