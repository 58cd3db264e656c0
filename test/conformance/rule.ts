/**
 * A rule of the Multi-Cluster Services API, and where it is held.
 */

export interface Rule {
  /** What holds, as a sentence. */
  readonly text: string;
  /** The section of KEP-1645, unless it names something else. */
  readonly source: string;
  /** The test that holds it, where that is not one of this suite: the path of the source, and a part of its name. */
  readonly heldBy?: { readonly file: string; readonly test: string };
  /** It is met in another way than the source says: which, and why. The test holds that way. */
  readonly differs?: string;
  /** It is not met: why not. No test holds it. */
  readonly unmet?: string;
}
