/**
 * When the hub may delete what it mirrored.
 *
 * Never before the source has completed a list in this process under the identity it is registered with: what is absent
 * from a cache that was never full is not gone (lighthouse#1675). And before more than ten, and more than half, of a member's
 * mirrored objects go at once, a second complete list must say the same: a source that suddenly looks empty is more often broken than
 * emptied.
 */

interface BrakeInput {
  /** Objects of this source that are there now, and how many of them are to go. */
  readonly present: number;
  readonly removing: number;
  /** Complete lists of the source since this process began. */
  readonly lists: number;
  /** The value of `lists` when this removal was first wanted; undefined: now is the first time. */
  readonly wantedAtLists: number | undefined;
  readonly identityMatches: boolean;
}

type BrakeVerdict =
  | { readonly kind: 'go' }
  /** Ask the source for another complete list, then ask again. */
  | { readonly kind: 'confirm' }
  /** The source has not been read, or is not the cluster that it was. */
  | { readonly kind: 'wait' };

/** Up to so many at once never need a second list: half of three objects is no mass. */
const FREE = 10;

export function deletionBrake(input: BrakeInput): BrakeVerdict {
  if (!input.identityMatches || input.lists === 0) return { kind: 'wait' };
  if (input.removing <= FREE || input.removing * 2 <= input.present) return { kind: 'go' };
  return input.wantedAtLists !== undefined && input.lists > input.wantedAtLists ? { kind: 'go' } : { kind: 'confirm' };
}
