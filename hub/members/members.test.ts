import { expect, test } from '@jest/globals';
import { createHandClock, type HandClock, SILENT } from '../../test/host/handClock.js';
import type { Declaration } from './declaration.js';
import type { Member } from './member.js';
import { createMembers } from './members.js';

interface World {
  readonly clock: HandClock;
  readonly members: ReturnType<typeof createMembers>;
  /** In the order of what happened. */
  readonly events: string[];
  declare(...ids: readonly string[]): void;
  end(): Promise<void>;
}

function createWorld({ partial = false }: { readonly partial?: boolean } = {}): World {
  const clock = createHandClock();
  const stop = new AbortController();
  const events: string[] = [];
  let declared: readonly string[] = [];
  let tell = (): void => undefined;
  const members = createMembers({
    clock,
    log: SILENT,
    sources: [
      {
        read: () => ({ complete: true, partial, declarations: declared.map(declarationOf), problems: [] }),
        run(changed, signal) {
          tell = changed;
          changed();
          return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
        },
      },
    ],
    create: (id) =>
      ({
        id,
        // As one whose kubeconfig cannot be used: its state is known while it is being declared.
        declare: () => void events.push(`${id} of ${members.complete() ? members.list().length : 'nobody knows how many'}`),
      }) as unknown as Member,
    added: () => undefined,
    removed: ({ id }) => {
      events.push(`removed ${id}`);
      return Promise.resolve();
    },
    read: () => undefined,
    gone: () => void events.push('gone'),
  });
  const running = members.run(stop.signal);
  return {
    clock,
    members,
    events,
    declare(...ids) {
      declared = ids;
      tell();
    },
    async end() {
      stop.abort();
      await running;
    },
  };
}

function declarationOf(id: string): Declaration {
  return {
    id,
    origin: `secret kilofed/${id}`,
    content: { ok: true, value: id },
    place: { kind: 'file', path: id },
    terms: {},
    termsPlace: '',
  };
}

test('I2: a member that only nobody declares is not gone, however long that is so; it is when a person says so', async () => {
  const { clock, members, events, end } = createWorld();
  await clock.advance(3_600_000);
  expect([members.isGone('of-an-earlier-process'), events]).toEqual([false, []]);
  expect(members.forget('of-an-earlier-process')).toEqual({ ok: true, value: undefined });
  expect([members.isGone('of-an-earlier-process'), events]).toEqual([true, ['gone']]);
  await end();
});

test('M2: who is not told of may be there, where not all are told of, so it cannot be forgotten', async () => {
  const { members, end } = createWorld({ partial: true });
  expect(members.forget('of-an-earlier-process')).toEqual({ ok: false, error: expect.stringMatching(/^not all Secrets/) });
  expect(members.isGone('of-an-earlier-process')).toBe(false);
  await end();
});

test('I10: one that is deleted and made anew within a minute stays; it is told meanwhile, and goes after a minute', async () => {
  const { clock, members, events, declare, end } = createWorld();
  declare('east', 'west');
  events.length = 0;
  declare('east');
  await clock.advance(59_000);
  expect(members.problems()).toEqual([
    {
      cluster: 'west',
      subject: { kind: 'member' },
      reason: 'Leaving',
      message: expect.stringMatching(/in 1 s/),
      remedy: expect.any(String),
    },
  ]);
  declare('east', 'west');
  await clock.advance(3_600_000);
  expect([members.list().map(({ id }) => id), members.problems(), events.includes('removed west')]).toEqual([['east', 'west'], [], false]);
  declare('east');
  await clock.advance(60_000);
  expect([members.list().map(({ id }) => id), members.problems(), members.isGone('west')]).toEqual([['east'], [], true]);
  declare('east', 'west');
  expect(members.isGone('west')).toBe(false);
  await end();
});

test('a member that leaves may be forgotten before its minute is over; one that is declared may not', async () => {
  const { members, events, declare, end } = createWorld();
  declare('east', 'west');
  expect(members.forget('west')).toEqual({ ok: false, error: 'west is declared by secret kilofed/west: delete that first' });
  declare('east');
  events.length = 0;
  expect(members.forget('west').ok).toBe(true);
  expect([events, members.isGone('west'), members.problems()]).toEqual([['removed west', 'gone'], true, []]);
  await end();
});

test('I2: while members are being declared, nobody takes those that are for all that there are', async () => {
  const { events, declare, end } = createWorld();
  declare('a', 'b', 'c');
  expect(events).toEqual(['a', 'b', 'c'].map((id) => `${id} of nobody knows how many`));
  await end();
});
