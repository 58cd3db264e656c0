/**
 * Plans the mirror of one service in one importing member: a Service, its EndpointSlices and a ServiceImport.
 *
 * Of several exporters the first by precedence gives the shape, and others may add ports. An exporter that could not be mirrored alone
 * takes no part.
 */
import { EXPORT_ANNOTATION } from '../api/exportNames.js';
import { LABEL } from '../api/names.js';
import type { Complaint } from '../api/problem.js';
import type { KubeObject } from '../api/resources.js';
import { choicePolicy, type ChoicePolicy, type MemberTerms } from './choicePolicy.js';
import { besideOwn, besideOwnNotes } from './besideOwn.js';
import { joining, withChoice } from './withChoice.js';
import { hashedSlices } from './hashedSlices.js';
import { importRefusal, type NamespaceRules } from './consent.js';
import { importName, type NameHolder, wantsOwnName } from './importName.js';
import type { EndpointSliceObject, Exporter, PlannedImport, ServiceObject, Standing } from './importParts.js';
import { isLocalOnly, serviceImportObject, serviceObject } from './mirrorObjects.js';
import { mirrorSlices } from './mirrorSlices.js';
import type { ServiceRecord } from './model.js';
import { isDerivedName, type Sha256 } from './names.js';
import type { NamespaceConsent } from './namespaceConsent.js';
import { type CreationConsent, planNamespace } from './namespaceCreation.js';
import { byPrecedence, type Ranked } from './precedence.js';
import { type ServiceShape, shapeOf } from './serviceShape.js';
import { unionPorts } from './unionPorts.js';

export interface ImportInput {
  readonly namespace: string;
  readonly name: string;
  readonly target: {
    readonly id: string;
    readonly ipFamilies: readonly ('IPv4' | 'IPv6')[];
    readonly namespace: 'present' | 'absent' | 'terminating';
    readonly consent: NamespaceConsent;
    /** Whether, where the namespace is absent, it is to be made. */
    readonly creation: CreationConsent;
    /** The Service of the same name as the exported one, and the one of the derived name. */
    readonly sameNamed: NameHolder;
    readonly derived: NameHolder;
    readonly standing: Standing;
    /** The ServiceImport of this name is somebody else's. */
    readonly importTaken: boolean;
  };
  /** All members that export it, including the target itself. */
  readonly exporters: readonly Exporter[];
  /** Members of the standing mirror of which it is not known now whether they export it: their part stays as it is. */
  readonly unknown: readonly string[];
  /** Of any member. Absent: nothing is declared for any. */
  readonly termsOf?: (member: string) => MemberTerms;
  readonly rules: NamespaceRules;
  readonly exportToDefault: ExportToDefault;
  readonly sha256: Sha256;
}

/** Who imports a Service whose annotations do not say it. */
export type ExportToDefault = 'all' | 'none';

/** Why one exporter has no part in the mirror. */
export interface Refusal extends Complaint {
  readonly cluster: string;
}

export type ImportPlan =
  /** Nobody exports it to this member, so no mirror is wanted. */
  | { readonly kind: 'none' }
  /** `create`: the namespace that it waits for, if the member wants it made. */
  | ({ readonly kind: 'pending'; readonly create?: KubeObject } & Complaint)
  /** `told`: the ServiceImport that says so in the target; absent: none does. */
  | { readonly kind: 'refused'; readonly refusals: readonly Refusal[]; readonly told?: PlannedImport }
  /** What stands stays for a moment. */
  | { readonly kind: 'wait'; readonly message: string }
  /** The target alone exports it here: its own Service stands for the ServiceImport, and nothing is mirrored. */
  | ({ readonly kind: 'own'; readonly refusals: readonly Refusal[] } & PlannedImport)
  | ({
      readonly kind: 'mirror';
      readonly service: ServiceObject;
      readonly slices: readonly EndpointSliceObject[];
      /** What stands beside it under the name that it had before, until clients have gone. */
      readonly parting?: NamedMirror;
      /** What joins the target's own Service of the name, whose owner consents. Absent: he does not, or there is none. */
      readonly beside?: readonly EndpointSliceObject[];
      /** Whoever gave the Service its shape is not known now, so the Service stays as it stands. */
      readonly keepService: boolean;
      readonly refusals: readonly Refusal[];
      /** Ids of those with endpoints that are not ready because no link to them works. */
      readonly cutOff: readonly string[];
      /** Ids of those with endpoints that are not ready because they are drained. */
      readonly drained: readonly string[];
      /** What was left out, and why. */
      readonly notes: readonly string[];
    } & PlannedImport);

/** A mirror under one of its names: the Service, and the endpoints behind it. */
export interface NamedMirror {
  readonly service: ServiceObject;
  readonly slices: readonly EndpointSliceObject[];
}

interface Settled {
  readonly usable: readonly Exporter[];
  readonly shape: ServiceShape;
}

interface Decided extends Settled {
  /** Undefined: it is not known now. */
  readonly first: ServiceRecord | undefined;
  readonly keepService: boolean;
  readonly exporters: readonly string[];
  readonly families: readonly ('IPv4' | 'IPv6')[];
}

interface Chosen extends Decided {
  readonly refusals: readonly Refusal[];
  readonly name: string;
  readonly parting?: string;
  readonly choice?: ChoicePolicy | undefined;
}

export function planImport(input: ImportInput): ImportPlan {
  const { target } = input;
  const order = byPrecedence(target.standing.exporters);
  const targeted = input.exporters
    .filter(({ service }) => isTargetedAt(service, target.id, input.exportToDefault))
    .toSorted((a, b) => order(ranked(a), ranked(b)));
  if (!isImport(targeted, target.id)) return alone(input, targeted, []);
  const refusals: Refusal[] = [];
  const without = (candidates: readonly Exporter[], refusalOf: (exporter: Exporter) => Complaint | undefined): Exporter[] =>
    candidates.filter((exporter) => {
      const refusal = refusalOf(exporter);
      if (refusal !== undefined) refusals.push({ cluster: exporter.service.cluster, ...refusal });
      return refusal === undefined;
    });
  const reachable = without(targeted, (exporter) => linkRefusal(exporter, input));
  if (!isImport(reachable, target.id)) return alone(input, reachable, refusals);
  if (target.namespace !== 'present') return withoutNamespace(input, reachable);
  const formed = without(reachable, (exporter) => formRefusal(exporter, input));
  if (formed.length === 0) return unusable(input, reachable, refusals);
  return isImport(formed, target.id) ? mirrorOf(input, formed, refusals) : alone(input, formed, refusals);
}

/**
 * No other member exports it here. A ServiceImport stands in the exporter, too (KEP-1645): for its own Service, or by the way of MCS for a
 * derived one, as everywhere. A derived Service that stands keeps its address.
 */
function alone(input: ImportInput, exporters: readonly Exporter[], refusals: readonly Refusal[]): ImportPlan {
  const { target, unknown } = input;
  const nothing: ImportPlan = refusals.length === 0 ? { kind: 'none' } : { kind: 'refused', refusals };
  const own = exporters.find((exporter) => formRefusal(exporter, input) === undefined);
  if (own === undefined || target.namespace !== 'present' || !importsOwn(input)) return nothing;
  const { service } = own;
  if (target.derived === 'ours' || !wantsOwnName(service.export, { ...target, consent: {} })) return mirrorOf(input, [own], refusals);
  // Of others nothing is known now, and what stands of them stays.
  if (unknown.length > 0 || target.importTaken) return nothing;
  const decided = decide([own], input);
  const object = serviceImportObject({ ...input, ...decided, name: input.name, service: input.name });
  const ips = decided.shape.headless ? [] : (service.clusterIPs ?? []);
  return {
    kind: 'own',
    refusals,
    import: { ...object, spec: { ...object.spec, ...(ips.length > 0 && { ips }) } },
    ready: { type: 'Ready', status: 'True', reason: 'Ready', message: '' },
    exporters: [target.id],
  };
}

/** Where nothing may be imported at all, no ServiceImport stands either. Its own exports need not be in a list of members. */
function importsOwn({ namespace, target: { id, consent }, rules }: ImportInput): boolean {
  const imports = typeof consent.imports === 'object' ? 'all' : consent.imports;
  const question = { namespace, exporter: id, target: id, consent: imports === undefined ? {} : { imports }, rules };
  return importRefusal(question) === undefined;
}

/** `formed`: at least one. */
function mirrorOf(input: ImportInput, formed: readonly Exporter[], refusals: readonly Refusal[]): ImportPlan {
  const { target } = input;
  const decided = decide(formed as [Exporter, ...Exporter[]], input);
  const { usable, shape, keepService } = decided;
  // A Service with an address cannot become one without.
  const sameNamed = target.sameNamed === 'offered' && shape.headless ? 'foreign' : target.sameNamed;
  const ownName = wantsOwnName(decided.first?.export, target);
  const named = importName({ ...input, ownName, target: { ...target, sameNamed } });
  if (named === 'freed') return { kind: 'wait', message: `the Service ${input.name} of ${target.id} was deleted a moment ago` };
  if (named === 'taken') {
    const message = `${target.id} has a Service of the derived name that is not ours: remove it`;
    const others = isImport(usable, target.id) ? usable.filter(({ service }) => service.cluster !== target.id) : usable;
    return {
      kind: 'refused',
      refusals: [...refusals, ...others.map(({ service }): Refusal => ({ cluster: service.cluster, reason: 'NameTaken', message }))],
    };
  }
  const choice = choicePolicy({
    self: target.id,
    exporters: usable.map(({ service }) => service),
    unknown: input.unknown,
    termsOf: input.termsOf ?? (() => ({})),
    standing: keepService ? (target.standing.choice ?? '') : undefined,
  });
  return mirror(input, { ...decided, refusals, choice, ...named });
}

/** Whoever decides and is not known now keeps its place, and what stands is as it was. `usable`: by precedence. */
function decide(usable: readonly [Exporter, ...Exporter[]], input: ImportInput): Decided {
  const { standing, ipFamilies } = input.target;
  const unknown = input.unknown.map((cluster): Ranked => ({ cluster, seen: 0 }));
  const exporters = [...usable.map(ranked), ...unknown].toSorted(byPrecedence(standing.exporters)).map(({ cluster }) => cluster);
  const [{ service }] = usable;
  const kept = exporters[0] === service.cluster ? undefined : standing.shape;
  const settledNow = settled(usable, input);
  const shape = kept ?? settledNow.shape;
  return {
    usable: settledNow.usable,
    shape,
    first: kept === undefined ? service : undefined,
    keepService: kept !== undefined,
    exporters,
    families: shape.ipFamilies.filter((family) => ipFamilies.includes(family)),
  };
}

/** After the name of the member that decides. */
const LOCAL_ONLY = 'says internalTrafficPolicy Local, so pods here reach none of its endpoints: they are on other nodes';

/** An exporter alone needs no mirror of its own Service. */
function isImport(exporters: readonly Exporter[], target: string): boolean {
  return exporters.some(({ service }) => service.cluster !== target);
}

function ranked({ service, seen }: Exporter): Ranked {
  return { cluster: service.cluster, seen };
}

function memberCordoned(id: string): Complaint {
  return {
    reason: 'MemberCordoned',
    message: `${id} is cordoned, so nothing more is imported from it`,
    remedy: `when more may be, run: kilofed uncordon member ${id}`,
  };
}

function linkRefusal({ service, unreachableReason, cordoned }: Exporter, { namespace, target, rules }: ImportInput): Complaint | undefined {
  if (service.cluster === target.id) return undefined;
  const denied = importRefusal({ namespace, exporter: service.cluster, target: target.id, consent: target.consent, rules });
  if (denied !== undefined) return denied;
  if (cordoned === true && !target.standing.exporters.includes(service.cluster)) return memberCordoned(service.cluster);
  return unreachableReason === undefined ? undefined : { reason: 'ClustersNotLinked', message: unreachableReason };
}

function formRefusal({ service }: Exporter, { namespace, name, target }: ImportInput): Complaint | undefined {
  const { headless, ports, ipFamilies } = shapeOf(service);
  if (!ipFamilies.some((family) => target.ipFamilies.includes(family))) {
    return { reason: 'IPFamilyNotSupported', message: `${target.id} has no ${ipFamilies.join(' and ')}` };
  }
  if (ports.length === 0 && !headless) {
    return { reason: 'NoPorts', message: `${namespace}/${name} of ${service.cluster} has no port that a Service can have` };
  }
  return undefined;
}

/** A member imports only into namespaces that it has (KEP-1645). A terminating namespace takes no new objects. */
function withoutNamespace({ namespace, target }: ImportInput, reachable: readonly Exporter[]): ImportPlan {
  if (target.namespace === 'terminating')
    return { kind: 'pending', reason: 'NamespaceTerminating', message: `namespace ${namespace} of ${target.id} is being deleted` };
  const exporters = reachable.map(({ service }) => service.cluster).filter((id) => id !== target.id);
  const { create, why } = planNamespace(namespace, exporters, target.creation);
  return {
    kind: 'pending',
    reason: 'NamespaceMissing',
    message: `${target.id} has no namespace ${namespace}${why === undefined ? '' : `, and ${why}`}`,
    remedy: `create namespace ${namespace} in ${target.id}, or name the members that should import it (${EXPORT_ANNOTATION.exportTo})`,
    ...(create !== undefined && { create }),
  };
}

/**
 * The shape of the first, with the ports of all. Whose EndpointSlices do not follow its ports yet counts with those that it had: the first
 * is waited for, and nobody waits for another.
 */
function settled([first, ...others]: readonly [Exporter, ...Exporter[]], { target, unknown }: ImportInput): Settled {
  const after = others.map((other) =>
    other.portsBefore === undefined ? other : { ...other, service: { ...other.service, ports: other.portsBefore } },
  );
  const shape = shapeOf(first.service);
  const ports = unionPorts({
    first: shape.ports,
    others: after.map(({ service }) => service.ports),
    standing: target.standing.shape?.ports ?? [],
    someUnknown: unknown.length > 0,
  });
  return { usable: [first, ...after], shape: { ...shape, ports } };
}

/** Nothing can be made of what all of them export. If it is for its IP families, a ServiceImport says so in the target (KEP-1645). */
function unusable(input: ImportInput, reachable: readonly Exporter[], refusals: readonly Refusal[]): ImportPlan {
  const [first, ...others] = reachable.filter(({ service }) =>
    refusals.some(({ cluster, reason }) => cluster === service.cluster && reason === 'IPFamilyNotSupported'),
  );
  if (first === undefined || input.target.importTaken) return { kind: 'refused', refusals };
  const { shape, usable } = settled([first, ...others], input);
  const message = refusals.find(({ reason }) => reason === 'IPFamilyNotSupported')?.message ?? '';
  return {
    kind: 'refused',
    refusals,
    told: {
      import: serviceImportObject({ ...input, shape, families: shape.ipFamilies, first: first.service, service: undefined }),
      ready: { type: 'Ready', status: 'False', reason: 'IPFamilyNotSupported', message },
      exporters: usable.map(({ service }) => service.cluster),
    },
  };
}

function mirror(input: ImportInput, chosen: Chosen): ImportPlan {
  const { name, exporters, keepService, refusals, parting } = chosen;
  const { isSource, mirrored, ...standing } = mirrorNamed(input, chosen, name);
  const localOnly = isLocalOnly(chosen) ? `${exporters[0]} ${LOCAL_ONLY}` : '';
  const own = consenting(input, chosen);
  return {
    kind: 'mirror',
    ...standing,
    ...(own !== undefined && { beside: besideOwnService(input, chosen, own) }),
    ...(parting !== undefined && { parting: partingOf(mirrorNamed(input, chosen, parting)) }),
    import: serviceImportObject({ ...input, ...chosen, name: input.name, service: name }),
    ready: { type: 'Ready', status: 'True', reason: 'Ready', message: localOnly },
    exporters: exporters.filter(isSource),
    keepService,
    refusals,
    cutOff: mirrored.filter(({ heldBack }) => heldBack === 'cutOff').map(({ cluster }) => cluster),
    drained: mirrored.filter(({ heldBack }) => heldBack === 'drained').map(({ cluster }) => cluster),
    notes: [
      ...mirrored.flatMap(({ notes }) => notes),
      ...(own === undefined ? [] : besideOwnNotes(own)),
      ...(localOnly === '' ? [] : [localOnly]),
    ],
  };
}

/** The target's own export beside which the mirror stands, whose owner lets its name reach the others. */
function consenting({ name, target }: ImportInput, chosen: Chosen): Exporter | undefined {
  const own = chosen.usable.find(({ service }) => service.cluster === target.id);
  return target.sameNamed === 'foreign' && chosen.name !== name && own?.service.export.affinity !== undefined ? own : undefined;
}

function besideOwnService({ target, sha256, ...input }: ImportInput, { usable, choice }: Chosen, own: Exporter): EndpointSliceObject[] {
  const slices = besideOwn({
    own,
    others: usable.filter((each) => each !== own),
    policy: choice,
    kept: keptSlices({ target, ...input }),
    families: target.ipFamilies,
    hostnames: target.consent.hostnames,
    sha256,
  });
  return hashedSlices(slices, sha256);
}

/** Of members of which nothing is known now. */
function keptSlices({ target, unknown }: Pick<ImportInput, 'target' | 'unknown'>): KubeObject[] {
  return (target.standing.slices ?? []).filter(({ metadata }) => unknown.includes(metadata.labels?.[LABEL.cluster] ?? ''));
}

interface Made extends NamedMirror {
  /** Whether the endpoints of a member are behind it. */
  readonly isSource: (cluster: string) => boolean;
  readonly mirrored: readonly (ReturnType<typeof mirrorSlices> & { readonly cluster: string })[];
}

function mirrorNamed(input: ImportInput, chosen: Chosen, name: string): Made {
  const { target, sha256 } = input;
  const { shape, families } = chosen;
  // The target's own Service of this name has the target's own endpoints already. Only a derived Service has to repeat them.
  const isSource = (cluster: string): boolean => cluster !== target.id || name !== input.name;
  const mirrored = chosen.usable
    .filter(({ service }) => isSource(service.cluster))
    .map((source) => ({
      cluster: source.service.cluster,
      ...mirrorSlices(source, { service: name, shape, families, hostnames: hostnamesIn(name, target.consent), sha256 }),
    }));
  const slices = withChoice({ policy: chosen.choice, parts: mirrored, kept: joining(name, keptSlices(input)) });
  return {
    isSource,
    mirrored,
    service: serviceObject({ ...input, ...chosen, name: input.name, service: name }, target.importTaken ? chosen.exporters : undefined),
    slices: hashedSlices(slices, sha256),
  };
}

/** Nobody looks for a derived name by accident, so that no host name in it can catch requests for another one (KEP-1645 wants them). */
function hostnamesIn(name: string, { hostnames }: NamespaceConsent): boolean | undefined {
  return hostnames ?? (isDerivedName(name) ? true : undefined);
}

function partingOf({ service, slices }: NamedMirror): NamedMirror {
  return { service, slices };
}

function isTargetedAt(service: ServiceRecord, target: string, byDefault: ExportToDefault): boolean {
  const { exported, targets } = service.export;
  if (!exported || service.type === 'ExternalName') return false;
  return service.cluster === target || (targets === undefined ? byDefault === 'all' : targets.includes(target));
}
