/**
 * Tells people in a member of exports and imports there, by Events on the objects themselves.
 *
 * What one member does must not become a flood in another, nor keep what others do from being told: each that brings news about has
 * so many, and few later ones. Those beyond are lost. The conditions and `kilofed explain` tell the same.
 */
import { RESOURCE } from '../../core/api/resources.js';
import type { Clock } from '../../core/runtime/clock.js';
import type { News } from '../../core/services/news.js';
import type { EventRecorder } from '../../kube/wire/eventRecorder.js';

type Kind = 'service' | 'serviceExport' | 'serviceImport';

/** kubectl looks for the Events of an object by its UID, too. */
type About = Partial<Readonly<Record<Kind, { readonly name: string; readonly uid?: string } | undefined>>>;

export interface ServiceEvents {
  /** Of the Service `namespace/name`. `source`: the member that brings it about. `about`: the objects in its namespace that stand. */
  tell(service: string, news: readonly News[], to: { readonly source: string; readonly about: About }): void;
}

interface ServiceEventsDeps {
  readonly recorder: EventRecorder;
  readonly clock: Pick<Clock, 'now' | 'after'>;
}

/** As many news at once of one member, then one in so many milliseconds. */
const OF_ONE = { burst: 5, refillMs: 30_000 } as const;
/** Of all together, in Events: some of what the recorder lets through is left to others. */
const OF_ALL = { burst: 20, refillMs: 10_000 } as const;
/** Nobody waits for an Event: what packets need is written before. */
const LATER_MS = 1_000;

export function createServiceEvents({ recorder, clock }: ServiceEventsDeps): ServiceEvents {
  /** By member. There are no more than members. */
  const rooms = new Map<string, () => boolean>();
  const hasRoom = createRoom(OF_ALL, clock);

  function hasRoomOf(source: string): boolean {
    const room = rooms.get(source) ?? createRoom(OF_ONE, clock);
    rooms.set(source, room);
    return room();
  }

  return {
    tell(service, news, { source, about }) {
      const [namespace = ''] = service.split('/');
      for (const { type, reason, note } of news) {
        if (!hasRoomOf(source)) continue;
        for (const kind of KINDS) {
          const object = about[kind];
          if (object === undefined || !hasRoom()) continue;
          const { name, uid } = object;
          const regarding = { resource: RESOURCE[kind], namespace, name, ...(uid !== undefined && { uid }) };
          clock.after(LATER_MS, () => recorder.record({ regarding, type, reason, action: ACTION[kind], note }));
        }
      }
    },
  };
}

/** Takes one of the places, if there is one. */
function createRoom({ burst, refillMs }: { readonly burst: number; readonly refillMs: number }, clock: Pick<Clock, 'now'>): () => boolean {
  let left = burst;
  let at = clock.now();
  return () => {
    const gained = Math.floor((clock.now() - at) / refillMs);
    left = Math.min(burst, left + gained);
    at += gained * refillMs;
    if (left === 0) return false;
    left -= 1;
    return true;
  };
}

const KINDS = ['service', 'serviceExport', 'serviceImport'] as const;
const ACTION: Readonly<Record<Kind, string>> = { service: 'FollowService', serviceExport: 'FollowExport', serviceImport: 'FollowImport' };
