/**
 * Label selectors as kubectl writes them: `app=web`, `tier!=edge`, `app in (a,b)`, `app notin (a,b)`, `app`, `!app`, with commas between
 * them, which mean "and" (Kubernetes apimachinery, pkg/labels). Bounded, since anybody who may annotate a namespace writes them.
 */
import type { Result } from '../runtime/result.js';
import { shown } from './invalidAnnotation.js';
import type { SeenLabels } from './seenLabels.js';
import { LABEL_VALUE, QUALIFIED_NAME } from './textForms.js';

export interface Requirement {
  readonly key: string;
  readonly operator: 'in' | 'notIn' | 'exists' | 'absent';
  /** Of `in` and `notIn`. */
  readonly values: readonly string[];
}

/** Characters of a selector, its requirements, and the values of one. */
const LONGEST = 4_096;
const MOST = 16;
const MOST_VALUES = 64;

const SET = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/;
const EQUALITY = /^([^\s=!]+)\s*(==|=|!=)\s*(\S*)$/;
const PRESENCE = /^(!?)\s*([^\s=!]+)$/;

/** The error says what to correct, in a few words. */
export function readSelector(text: string): Result<readonly Requirement[]> {
  if (text.length > LONGEST) return { ok: false, error: `it is longer than ${LONGEST} characters` };
  const parts = split(text);
  if (parts.length > MOST) return { ok: false, error: `it has more than ${MOST} requirements` };
  const requirements = parts.map(readRequirement);
  const wrong = parts.find((_part, index) => requirements[index] === undefined);
  return wrong === undefined
    ? { ok: true, value: requirements.filter((each) => each !== undefined) }
    : { ok: false, error: `"${shown(wrong)}" is not understood: write requirements such as app=web, app in (a,b) or !app` };
}

/**
 * As kube-apiserver matches: what has no such label is not in any set, and so matches `notIn`. Where it is not known whether there is such
 * a label, nothing matches.
 */
export function matchesSelector(selector: readonly Requirement[], { labels, cut }: SeenLabels): boolean {
  return selector.every(({ key, operator, values }) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    switch (operator) {
      case 'in':
        return value !== undefined && values.includes(value);
      case 'notIn':
        return value === undefined ? cut !== true : !values.includes(value);
      case 'exists':
        return value !== undefined;
      default:
        return value === undefined && cut !== true;
    }
  });
}

/** At commas outside of parentheses. */
function split(text: string): string[] {
  const parts: string[] = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim());
}

function readRequirement(text: string): Requirement | undefined {
  const [, setKey = '', word, list = ''] = SET.exec(text) ?? [];
  if (word !== undefined)
    return requirement(
      setKey,
      word === 'in' ? 'in' : 'notIn',
      list.split(',').map((value) => value.trim()),
    );
  const [, key = '', sign, value = ''] = EQUALITY.exec(text) ?? [];
  if (sign !== undefined) return requirement(key, sign === '!=' ? 'notIn' : 'in', [value]);
  const [, not, name = ''] = PRESENCE.exec(text) ?? [];
  return not === undefined ? undefined : requirement(name, not === '!' ? 'absent' : 'exists', []);
}

function requirement(key: string, operator: Requirement['operator'], values: readonly string[]): Requirement | undefined {
  if (key.length > 317 || !QUALIFIED_NAME.test(key)) return undefined;
  if (values.length > MOST_VALUES || values.some((value) => value.length > 63 || !LABEL_VALUE.test(value))) return undefined;
  return { key, operator, values };
}
