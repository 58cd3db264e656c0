/**
 * The steps of an exported Service, in the order in which first its objects travel and then a packet does. Of several problems the one
 * at the earliest step is the first that stops it: what comes after may follow from it.
 */
import type { Complaint } from '../api/problem.js';
import type { Reason } from '../api/reasons.js';
import type { Finding } from '../api/explanation.js';

export const STEPS = [
  // In the exporting member.
  'members',
  'namespace',
  'service',
  'exported',
  'valid',
  'allowed',
  'room',
  'cordon',
  'targets',
  // In the importing one.
  'target',
  'importerNamespace',
  'consent',
  'linked',
  'family',
  'quota',
  'written',
  'name',
  'mirrored',
  // A packet.
  'endpoints',
  'ports',
  'ready',
  'addresses',
  'gateway',
  'link',
  'choice',
  'admission',
] as const;

type Step = (typeof STEPS)[number];

/** Where on the way a reason belongs. Those of an import that have no place here are looked at where the mirror should stand. */
const STEP_OF: Partial<Record<Reason, Step>> = {
  NoMembers: 'members',
  BadService: 'valid',
  InvalidAnnotation: 'valid',
  InvalidServiceType: 'valid',
  IsMirror: 'service',
  NoService: 'service',
  ExportDenied: 'allowed',
  NamespaceDenied: 'allowed',
  TooManyServices: 'room',
  NoTargets: 'targets',
  UnknownTarget: 'targets',
  Connecting: 'target',
  Unreachable: 'target',
  Refused: 'target',
  AnotherHub: 'target',
  NamespaceMissing: 'importerNamespace',
  NamespaceTerminating: 'importerNamespace',
  ImportDenied: 'consent',
  BadImport: 'consent',
  OverlappingCIDRs: 'linked',
  ClustersNotLinked: 'linked',
  NoMesh: 'linked',
  IPFamilyNotSupported: 'family',
  NoPorts: 'family',
  TooManyImports: 'quota',
  MemberCordoned: 'cordon',
  WriteRefused: 'written',
  NameTaken: 'name',
  Partial: 'addresses',
  NoGateway: 'gateway',
  LinkDown: 'link',
};

/** `otherwise`: the step of a reason that has no place of its own. */
export function findingOf(complaint: Complaint, cluster: string, otherwise: 'valid' | 'mirrored'): Finding {
  const { reason, message, remedy } = complaint;
  const step = STEP_OF[reason] ?? otherwise;
  return {
    // Both sides may close a namespace.
    step: otherwise === 'mirrored' && step === 'allowed' ? 'consent' : step,
    cluster,
    reason,
    message,
    ...(remedy !== undefined && { remedy }),
  };
}

/** Sorted by their steps. Those of one step stay in their order. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => placeOf(a) - placeOf(b));
}

export function placeOf({ step }: Finding): number {
  return STEPS.findIndex((each) => each === step);
}
