/**
 * Tells of what happens to an object by Events (events.k8s.io/v1), as `kubectl describe` and `kubectl get events` show them.
 *
 * Events are for people: nobody waits for one, and one that cannot be written is lost. What comes in bursts is cut off, so that a fault
 * that flaps does not fill the API server.
 */
import { apiVersion, RESOURCE, type Resource, resourcePath } from '../../core/api/resources.js';
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { printable } from '../../core/text/printable.js';
import type { KubeClient } from './client.js';

export interface EventRecorder {
  record(event: RecordedEvent): void;
}

export interface RecordedEvent {
  readonly regarding: { readonly resource: Resource; readonly name: string; readonly namespace?: string; readonly uid?: string };
  readonly type: 'Normal' | 'Warning';
  /** A word in CamelCase. */
  readonly reason: string;
  /** What the program did or saw, a word in CamelCase. */
  readonly action: string;
  /** For people. */
  readonly note: string;
}

interface EventRecorderDeps {
  readonly client: KubeClient;
  readonly clock: Pick<Clock, 'now' | 'wall'>;
  readonly log: Log;
  /** The program, such as `kilofed.io/cluster-agent`. */
  readonly controller: string;
  /** Which of its processes. */
  readonly instance: string;
}

/** Of Events of objects without a namespace. */
const CLUSTER_NAMESPACE = 'default';
/** As many at once, then one in so many milliseconds. */
const BURST = 25;
const REFILL_MS = 5_000;
/** Requests under way. */
const MOST_PENDING = 16;
/** The API takes 1024 bytes. */
const LONGEST_NOTE = 1_000;
const LONGEST_NAME = 200;

export function createEventRecorder({ client, clock, log, controller, instance }: EventRecorderDeps): EventRecorder {
  let room = BURST;
  let refilledAt = clock.now();
  let pending = 0;
  let number = 0;
  /** Whether the last one failed: a lasting failure is told once. */
  let failing = false;

  function isRoom(): boolean {
    const gained = Math.floor((clock.now() - refilledAt) / REFILL_MS);
    refilledAt += gained * REFILL_MS;
    room = Math.min(BURST, room + gained);
    if (room === 0 || pending >= MOST_PENDING) return false;
    room -= 1;
    return true;
  }

  async function write({ regarding, type, reason, action, note }: RecordedEvent): Promise<void> {
    const { resource, name, uid } = regarding;
    const namespace = regarding.namespace ?? CLUSTER_NAMESPACE;
    number += 1;
    const wall = clock.wall();
    const answer = await client.call<unknown>({
      method: 'POST',
      path: resourcePath(RESOURCE.event, namespace),
      body: {
        apiVersion: apiVersion(RESOURCE.event),
        kind: RESOURCE.event.kind,
        metadata: { name: `${name.slice(0, LONGEST_NAME)}.${wall.toString(16)}${number.toString(16).padStart(4, '0')}`, namespace },
        eventTime: new Date(wall).toISOString().replace('Z', '000Z'),
        reportingController: controller,
        reportingInstance: instance.slice(0, 128),
        type,
        reason,
        action,
        note: shortened(note),
        regarding: {
          apiVersion: apiVersion(resource),
          kind: resource.kind,
          name,
          ...(regarding.namespace === undefined ? {} : { namespace: regarding.namespace }),
          ...(uid === undefined ? {} : { uid }),
        },
      },
    });
    if (!answer.ok && !failing) log.warn('An Event cannot be written', { reason, failure: answer.error.message });
    failing = !answer.ok;
  }

  return {
    record(event) {
      if (!isRoom()) return;
      pending += 1;
      void write(event)
        // Nobody waits for it, so nobody else would hear of it.
        .catch((error: unknown) => log.error('Writing an Event failed', { error }))
        .finally(() => (pending -= 1));
    },
  };
}

/** Printable, and cut after a whole word. */
function shortened(note: string): string {
  const text = printable(note);
  const bytes = Buffer.from(text);
  if (bytes.length <= LONGEST_NOTE) return text;
  const cut = bytes.subarray(0, LONGEST_NOTE).toString();
  return `${cut.slice(0, cut.lastIndexOf(' ') + 1)}…`;
}
