/**
 * Labels of a member, by which Services prefer clusters: those of the Secret that declares it, and those in `kilofed.io/labels`, which win.
 *
 * Whoever may write the Secret says by them only which preferences mean this member. None of ours is among them, so no label can say what
 * the hub itself says of a member.
 */
import { firstByName } from '../../core/text/firstByName.js';
import { printable } from '../../core/text/printable.js';

interface MemberLabels {
  /** Sorted by key. */
  readonly labels: Readonly<Record<string, string>>;
  /** What is left out, and why: sentences that begin after the name of the annotation. */
  readonly complaints: readonly string[];
}

/** More of them are left out, the last by name. */
const MOST = 32;
const SHOWN = 64;
const PREFIX = /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/;
const NAME = /^[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?$/;

/** `written`: `key=value` with commas between. */
export function memberLabels(ofSecret: Readonly<Record<string, string>>, written: string | undefined): MemberLabels {
  const entries = (written ?? '').split(',').flatMap((entry) => entry.trim() || []);
  const good = entries.map(readLabel).filter((label) => label !== undefined);
  const complaints = entries
    .filter((entry) => readLabel(entry) === undefined)
    .slice(0, MOST)
    .map((entry) => `lists "${printable(entry, SHOWN)}", which is left out: write labels such as region=eu, with commas between them`);
  const all = new Map([...Object.entries(ofSecret).filter(([key, value]) => isKey(key) && isValue(value)), ...good]);
  const { kept, leftOut } = firstByName([...all], MOST, ([key]) => key);
  return {
    labels: Object.fromEntries(kept.toSorted(([a], [b]) => (a < b ? -1 : 1))),
    complaints:
      leftOut === undefined ? complaints : [...complaints, `and the labels beside it are more than ${MOST}: left out are ${leftOut}`],
  };
}

function readLabel(entry: string): readonly [string, string] | undefined {
  const [key = '', value = '', ...rest] = entry.split('=').map((part) => part.trim());
  return rest.length === 0 && isKey(key) && value !== '' && isValue(value) ? [key, value] : undefined;
}

function isKey(key: string): boolean {
  const [name = '', prefix, ...rest] = key.split('/').toReversed();
  if (rest.length > 0 || !NAME.test(name)) return false;
  return prefix === undefined || (PREFIX.test(prefix) && !OWN.test(prefix));
}

function isValue(value: string): boolean {
  return value === '' || NAME.test(value);
}

const OWN = /(^|\.)kilofed\.io$/;
