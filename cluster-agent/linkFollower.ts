/**
 * What was told of links last, so that figures alone do not have the Mesh written again and again: gateways report theirs at different
 * moments, and every node reads each Mesh that is written.
 */
import { isDeepStrictEqual } from 'node:util';
import { type LinkEvent, linkEvents } from './linkEvents.js';
import type { LinksPlan, ListedLink } from './planLinks.js';

interface LinkFollower {
  /**
   * Whether what is told has changed, and after how many milliseconds to follow again whatever happens. `standing`: what the Mesh lists,
   * and so what was told before this process.
   */
  follow(found: LinksPlan, standing: readonly ListedLink[]): { readonly changed: boolean; readonly againMs?: number };
  /** Empty: nothing is known yet. */
  told(): { readonly links?: LinksPlan };
}

interface LinkFollowerDeps {
  /** Milliseconds that never go backwards. */
  readonly now: () => number;
  readonly onEvent: (event: LinkEvent) => void;
}

const FIGURES_MS = 60_000;
/** Between two changes that are told: several gateways tell of one fault, and every node reads what is written. */
const STATES_MS = 1_000;

export function createLinkFollower({ now, onEvent }: LinkFollowerDeps): LinkFollower {
  let told: LinksPlan | undefined;
  let at = Number.NEGATIVE_INFINITY;
  return {
    follow(found, standing) {
      if (told !== undefined && isDeepStrictEqual(told, found)) return { changed: false };
      const isOfFigures = told !== undefined && isDeepStrictEqual(withoutFigures(told), withoutFigures(found));
      const wait = at + (isOfFigures ? FIGURES_MS : STATES_MS) - now();
      if (wait > 0) return { changed: false, againMs: wait };
      for (const event of linkEvents(told?.listed ?? standing, found.listed)) onEvent(event);
      told = found;
      at = now();
      return { changed: true };
    },
    told: () => (told === undefined ? {} : { links: told }),
  };
}

function withoutFigures({ listed, condition }: LinksPlan): unknown {
  return [listed.map(({ rttMilliseconds: _rtt, lossPercent: _loss, ...link }: ListedLink) => link), condition];
}
