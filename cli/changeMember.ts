/**
 * Carries out `kilofed drain|cordon|uncordon member`: looks first, writes one annotation or two, and follows the hub until it is so
 * everywhere.
 */
import { ANNOTATION } from '../core/api/names.js';
import type { FederationStatus } from '../core/api/status.js';
import { pause } from '../core/runtime/pause.js';
import { systemClock } from '../kube/wire/systemClock.js';
import { askHub } from './askHub.js';
import { type Cli, EXIT } from './cli.js';
import { type LeftWithout, leftWithout } from './leftWithout.js';
import { annotateMember } from './memberSecret.js';
import type { MemberFlags, MemberVerb } from './memberFlags.js';
import { withCluster } from './withCluster.js';

type Member = FederationStatus['members'][number];

interface Report {
  readonly member: string;
  /** Whether the annotation stands. */
  readonly drained: boolean;
  readonly cordoned: boolean;
  /** Of a drain. */
  readonly leftWithout?: readonly LeftWithout[];
  readonly serving?: NonNullable<Member['drain']>['serving'];
  readonly unread?: readonly string[];
}

const ANNOTATIONS: Readonly<Record<MemberVerb, Readonly<Record<string, string | null>>>> = {
  drain: { [ANNOTATION.drain]: 'true' },
  cordon: { [ANNOTATION.cordon]: 'true' },
  uncordon: { [ANNOTATION.drain]: null, [ANNOTATION.cordon]: null },
};
/** The hub finds out what it answers once a second. */
const PERIOD_MS = 500;
const PROGRESS_MS = 2_000;
const NAMED = 20;

export async function changeMember(verb: MemberVerb, id: string, flags: MemberFlags, cli: Cli): Promise<number> {
  const fail = (message: string): number => {
    cli.err(`kilofed: ${message}\n`);
    return EXIT.failed;
  };
  const before = await askHub(flags, cli);
  if (!before.ok) return fail(before.error);
  const member = find(id, before.value);
  if (member === undefined) return fail(`the hub has no member ${id}; it has ${before.value.members.map((each) => each.id).join(', ')}`);
  const left = verb === 'drain' ? leftWithout(id, before.value) : [];
  if (verb === 'drain' && (flags.dryRun === true || (left.length > 0 && flags.force !== true && member.drain === undefined))) {
    if (flags.output === 'json') cli.out(json({ ...reportOf(member), leftWithout: left }));
    else if (left.length === 0) cli.out(`every Service that ${id} exports has ready endpoints elsewhere, too\n`);
    return left.length === 0 ? EXIT.fine : fail(leftText(id, left));
  }
  const written = await withCluster(flags, cli, (client) => annotateMember(client, { namespace: flags.namespace, id }, ANNOTATIONS[verb]));
  if (!written.ok) return fail(written.error);
  return follow({ verb, id, left }, flags, cli);
}

interface Following {
  readonly verb: MemberVerb;
  readonly id: string;
  readonly left: readonly LeftWithout[];
}

async function follow(following: Following, flags: MemberFlags, cli: Cli): Promise<number> {
  const { verb, id, left } = following;
  const { member, waitsFor } = await awaitHub(following, flags, cli);
  const unread = verb === 'drain' ? (member?.drain?.unread ?? []) : [];
  if (flags.output === 'json' && member !== undefined)
    cli.out(json({ ...reportOf(member), ...(verb === 'drain' && { leftWithout: left }) }));
  if (waitsFor !== undefined) {
    cli.err(`kilofed: the annotation is written, and it is not yet so everywhere: ${waitsFor}. kilofed status shows it.\n`);
    return EXIT.problems;
  }
  if (unread.length > 0) {
    cli.err(`kilofed: ${unread.join(', ')} cannot be written to now, so endpoints of ${id} may serve there until it can\n`);
    return EXIT.problems;
  }
  if (flags.output === 'text') cli.out(DONE[verb](id));
  return EXIT.fine;
}

/** Asks until nothing is to come any more, or the time is over: what the hub said last, and what was still to come then. */
async function awaitHub(
  { verb, id }: Following,
  flags: MemberFlags,
  cli: Cli,
): Promise<{ readonly member: Member | undefined; readonly waitsFor: string | undefined }> {
  const start = systemClock.now();
  let told = start;
  let member: Member | undefined;
  for (;;) {
    const status = await askHub(flags, cli);
    member = status.ok ? find(id, status.value) : member;
    const waitsFor = status.ok ? missing(verb, member) : status.error;
    const now = systemClock.now();
    if (waitsFor === undefined || now - start >= flags.timeout || cli.signal.aborted) return { member, waitsFor };
    if (now - told >= PROGRESS_MS) {
      cli.err(`kilofed: waiting until ${waitsFor}\n`);
      told = now;
    }
    await pause(PERIOD_MS, cli.signal, systemClock);
  }
}

/** What is still to come. Undefined: nothing. Whoever does not answer is not waited for. */
function missing(verb: MemberVerb, member: Member | undefined): string | undefined {
  const { drain, cordoned } = member ?? {};
  if (verb === 'cordon') return cordoned ? undefined : 'the hub takes it up';
  if (verb === 'uncordon') return drain === undefined && !cordoned ? undefined : 'the hub takes it up';
  if (drain === undefined) return 'the hub takes it up';
  const serving = drain.serving.filter(({ cluster }) => !drain.unread.includes(cluster));
  if (serving.length === 0) return undefined;
  return `no endpoint serves any more: ${serving.map(({ cluster, endpoints }) => `${endpoints} in ${cluster}`).join(', ')}`;
}

const DONE: Readonly<Record<MemberVerb, (id: string) => string>> = {
  drain: (id) =>
    `${id} is drained: no endpoint of it is ready or serving in any other member. Connections that are open stay until one end closes ` +
    `them.\nAfterwards: kilofed uncordon member ${id}\n`,
  cordon: (id) => `${id} is cordoned: nothing more is imported from it. Afterwards: kilofed uncordon member ${id}\n`,
  uncordon: (id) => `${id} takes part again\n`,
};

function leftText(id: string, left: readonly LeftWithout[]): string {
  const lines = left.slice(0, NAMED).map(({ service, importers }) => `  ${service}, imported by ${importers.join(', ')}\n`);
  const more = left.length > NAMED ? `  and ${left.length - NAMED} more\n` : '';
  const what = left.length === 1 ? 'this Service has' : `these ${left.length} Services have`;
  return (
    `${what} ready endpoints nowhere but in ${id}, and would have none in the others:\n${lines.join('')}${more}` +
    'Nothing was changed. Export them in another member too, or drain all the same with --force.'
  );
}

function reportOf({ id, drain, cordoned }: Member): Report {
  return { member: id, drained: drain !== undefined, cordoned: cordoned === true, ...drain };
}

function find(id: string, { members }: FederationStatus): Member | undefined {
  return members.find((member) => member.id === id);
}

function json(value: Report): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
