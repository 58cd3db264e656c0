/**
 * What has happened to the links of a cluster, for Events and metrics: of what the Mesh listed, and lists now.
 */
import type { LinkState } from '../core/api/links.js';
import type { ListedLink } from './planLinks.js';

export interface LinkEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: 'LinkUp' | 'LinkDegraded' | 'LinkDown' | 'LinkUnknown' | 'GatewaySwitched';
  readonly note: string;
}

/** In the order of `after`. What is new and works is no event, nor is what has gone. */
export function linkEvents(before: readonly ListedLink[], after: readonly ListedLink[]): readonly LinkEvent[] {
  const known = new Map(before.map((link) => [keyOf(link), link]));
  return after.flatMap((link): LinkEvent[] => {
    const was = known.get(keyOf(link));
    if (was?.state !== link.state) {
      const event = stateEvent(was?.state, link);
      return event === undefined ? [] : [event];
    }
    const [old, now] = [gatewaysOf(was), gatewaysOf(link)];
    if (old === now || old === '' || now === '') return [];
    return [
      { type: 'Normal', reason: 'GatewaySwitched', note: `traffic from ${link.from} to ${link.to} goes by ${now} instead of ${old}` },
    ];
  });
}

function stateEvent(was: LinkState | undefined, link: ListedLink): LinkEvent | undefined {
  const { from, to, state, message } = link;
  switch (state) {
    case 'up':
      // At the beginning nothing is known yet.
      return was === undefined || was === 'unknown' ? undefined : { type: 'Normal', reason: 'LinkUp', note: `${from} reaches ${to} again` };
    case 'unknown':
      return was === undefined ? undefined : { type: 'Warning', reason: 'LinkUnknown', note: noteOf(message, link) };
    case 'degraded':
      return { type: 'Warning', reason: 'LinkDegraded', note: noteOf(message, link) };
    default:
      return { type: 'Warning', reason: 'LinkDown', note: noteOf(message, link) };
  }
}

function noteOf(message: string | undefined, { from, to, state }: ListedLink): string {
  return message ?? `the link from ${from} to ${to} is ${state}`;
}

function gatewaysOf({ inUse = [] }: ListedLink): string {
  return inUse.map(({ peer }) => peer).join(', ');
}

function keyOf({ from, to }: ListedLink): string {
  return `${from}\n${to}`;
}
