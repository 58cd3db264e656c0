/**
 * Members that are away: their API server does not answer, or not as theirs, so what is known of them is old. One that is read and may
 * not be written to is not away.
 *
 * It stays for their time to live, since their pods may well be there. After that it may lead to somebody else's pods, so it is withdrawn
 * from the other members until they answer again.
 *
 * Time counts only while the hub itself is connected, as far as it can tell: where several members are away at once and one at most is
 * not, that one may be the hub's own cluster, and the fault the hub's own.
 */
import type { Problem } from '../../core/api/problem.js';
import { ANNOTATION } from '../../core/api/names.js';
import type { Clock } from '../../core/runtime/clock.js';
import { formatDuration } from '../../core/text/duration.js';
import type { Member } from '../members/member.js';

export interface Away {
  /** The state of a member, what is declared for it, or which members there are, may have changed. */
  check(): void;
  /** Nothing that came from it stays anywhere. */
  isWithdrawn(id: string): boolean;
  problems(): readonly Problem[];
  stop(): void;
}

export type Absentee = Pick<Member, 'id' | 'current' | 'terms' | 'listing'>;

interface AwayDeps {
  readonly clock: Clock;
  readonly members: () => readonly Absentee[];
  /** Some members are withdrawn now, or back. */
  readonly changed: (ids: readonly string[]) => void;
}

interface Absence {
  /** Milliseconds that count. */
  ms: number;
  withdrawn: boolean;
  /** Complete lists of what is withdrawn when it answered again, by kind: it is back when there are more. */
  lists?: ReadonlyMap<Kind, number>;
}

type Kind = (typeof KINDS)[number];

/** What is mirrored is read anew before it is mirrored again: it may be days old. */
const KINDS = ['service', 'endpointSlice', 'mesh', 'meshNode'] as const;
const DEFAULT_MS = 86_400_000;
const WARNING_MS = 3_600_000;
/** How often it is looked whether a member that is back has been read. */
const READ_MS = 250;
/** Timers of a clock are no longer than this. */
const LONGEST_MS = 3_600_000;

export function createAway({ clock, members, changed }: AwayDeps): Away {
  const absences = new Map<string, Absence>();
  let countedAt = clock.now();
  let counting = false;
  let cancel = (): void => undefined;

  function check(): void {
    cancel();
    const now = clock.now();
    const passed = counting ? now - countedAt : 0;
    countedAt = now;
    const all = members();
    const away = all.filter(({ current }) => !current());
    const moved: string[] = [];
    for (const id of absences.keys()) if (!all.some((each) => each.id === id)) absences.delete(id);
    for (const member of all) {
      const absence = absences.get(member.id);
      if (away.includes(member)) {
        if (absence === undefined) absences.set(member.id, { ms: 0, withdrawn: false });
        else if (grow(absence, passed, member)) moved.push(member.id);
      } else if (absence !== undefined && isBack(absence, member)) {
        absences.delete(member.id);
        if (absence.withdrawn) moved.push(member.id);
      }
    }
    counting = away.length === 1 || all.length - away.length > 1;
    schedule(all);
    if (moved.length > 0) changed(moved);
  }

  /** Returns whether it is withdrawn now, and was not before. */
  function grow(absence: Absence, passed: number, member: Absentee): boolean {
    delete absence.lists;
    absence.ms += passed;
    if (absence.withdrawn || absence.ms < timeToLive(member)) return false;
    absence.withdrawn = true;
    return true;
  }

  function schedule(all: readonly Absentee[]): void {
    const due = all.flatMap((member) => {
      const absence = absences.get(member.id);
      if (absence === undefined) return [];
      if (absence.lists !== undefined) return [READ_MS];
      return counting && !absence.withdrawn ? [Math.max(0, timeToLive(member) - absence.ms)] : [];
    });
    if (due.length === 0) cancel = () => undefined;
    else cancel = clock.after(Math.min(LONGEST_MS, ...due), check);
  }

  return {
    check,
    isWithdrawn: (id) => absences.get(id)?.withdrawn === true,
    problems: () =>
      members().flatMap((member): Problem[] => {
        const absence = absences.get(member.id);
        if (absence === undefined) return [];
        if (absence.withdrawn) return [withdrawn(member)];
        const left = timeToLive(member) - absence.ms - (counting ? clock.now() - countedAt : 0);
        return left > WARNING_MS ? [] : [soon(member, clock.wall() + left)];
      }),
    stop: () => cancel(),
  };
}

function timeToLive(member: Absentee): number {
  return member.terms().timeToLiveMs ?? DEFAULT_MS;
}

/** Asks for new lists the first time. */
function isBack(absence: Absence, { listing }: Absentee): boolean {
  if (!absence.withdrawn) return true;
  if (absence.lists !== undefined) return [...absence.lists].every(([kind, lists]) => listing(kind).lists() > lists);
  absence.lists = new Map(KINDS.map((kind) => [kind, listing(kind).lists()]));
  for (const kind of KINDS) listing(kind).relist();
  return false;
}

function soon(member: Absentee, at: number): Problem {
  return {
    cluster: member.id,
    subject: { kind: 'member' },
    reason: 'WithdrawnSoon',
    message: `it cannot be read, and at ${minuteOf(at)} its time to live ends: then what came from it is withdrawn from the other members`,
    remedy: `bring its API server back, or give it longer with ${ANNOTATION.timeToLive}`,
  };
}

function withdrawn(member: Absentee): Problem {
  return {
    cluster: member.id,
    subject: { kind: 'member' },
    reason: 'Withdrawn',
    message:
      `it could not be read for longer than its time to live (${formatDuration(timeToLive(member))}), ` +
      'so what came from it was withdrawn from the other members; it returns when it can be read',
    remedy: 'if it is gone for good, remove its kubeconfig',
  };
}

/** `2026-01-31T12:00Z` */
function minuteOf(wall: number): string {
  return `${new Date(wall).toISOString().slice(0, 16)}Z`;
}
