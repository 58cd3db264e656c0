/**
 * What a controller works with: one target member, and what is known of all others.
 */
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import type { NamespaceRules } from '../../core/services/consent.js';
import type { Sha256 } from '../../core/services/names.js';
import type { ExportToDefault } from '../../core/services/planImport.js';
import type { ReconcileResult } from '../../core/workqueue/queue.js';
import type { EventRecorder } from '../../kube/wire/eventRecorder.js';
import type { Federation } from '../federation/federation.js';
import type { Reachability } from '../health/reachability.js';
import type { Member } from '../members/member.js';
import type { Pairs } from '../pairs/pairs.js';
import type { BoundedWait } from './boundedWait.js';
import type { Brake } from './brake.js';
import type { WaitingExports } from './waitingExports.js';
import type { ImportQuota } from './importQuota.js';
import type { ImportViews } from './importViews.js';
import type { Making } from './making.js';
import type { Outcome, Outcomes } from './outcomes.js';
import type { ServiceEvents } from './serviceEvents.js';
import type { Writer } from './writer.js';

export interface Context {
  readonly target: Member;
  readonly federation: Federation;
  readonly pairs: Pairs;
  readonly reachability: Reachability;
  readonly writer: Writer;
  /** Tells people in the target. */
  readonly events: EventRecorder;
  readonly serviceEvents: ServiceEvents;
  readonly brake: Brake;
  /** Services (`namespace/name`) that wait for the EndpointSlices of an exporter. */
  readonly slicesWait: BoundedWait;
  /** Services that somebody has put in the place of a mirror, while endpoints of ours go on serving there. */
  readonly yielding: BoundedWait;
  /** Services that have their own name again, while the derived one stands on. */
  readonly parting: BoundedWait;
  /** Services whose Service of another name is there, while kube-proxy may not have its endpoints yet: their ServiceImport follows then. */
  readonly settling: BoundedWait;
  /**
   * Whether others wait to be written that packets need more than what is left of this Service (`namespace/name`). Then it is reconciled
   * again after them, and soon in any case.
   */
  readonly postpone: (service: string) => boolean;
  readonly importQuota: ImportQuota;
  readonly waitingExports: WaitingExports;
  readonly importViews: ImportViews;
  /** Services by the derived name that somebody else's Service has, as `namespace/name`: they wait for it. */
  readonly takenNames: Map<string, string>;
  /** Namespaces that are being made in the target. */
  readonly making: Making;
  readonly clock: Clock;
  readonly log: Log;
  readonly sha256: Sha256;
  readonly rules: NamespaceRules;
  readonly exportToDefault: ExportToDefault;
  readonly outcomes: Outcomes;
}

/** The result of a reconcile: the outcome for the status, and what the queue does next. */
export interface Reconciled {
  readonly outcome: Outcome | undefined;
  readonly result: ReconcileResult;
  /** How writes were refused (refusedWrites.ts). */
  readonly refusal?: string;
  /** It is done, and something is due in so many milliseconds. */
  readonly againMs?: number;
}

/** How soon a deletion that the brake held is tried again. */
export const BRAKED_MS = 250;
