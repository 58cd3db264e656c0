/**
 * The templates of charts/kilofed, rendered without Helm, so that whoever changes one needs no Go. They keep to a small part of Go's
 * template language: text, `if`, `else if`, `else`, `end`, comments, and pipelines of the functions below. What is outside of it throws.
 * test/apiserver/helm.test.ts holds that Helm's own engine makes the same of them.
 */
import { dump } from 'js-yaml';
import { type Node, parseTemplate, type Term } from './parseTemplate.js';

/** What `.` is: `.Values`, `.Release` and so on. */
export type Scope = Readonly<Record<string, unknown>>;

/** @throws when the template is malformed, asks for something that is not there, or fails by `fail`. */
export function renderTemplate(text: string, scope: Scope): string {
  return renderNodes(parseTemplate(text), scope);
}

function renderNodes(nodes: readonly Node[], scope: Scope): string {
  return nodes.map((node) => renderNode(node, scope)).join('');
}

function renderNode(node: Node, scope: Scope): string {
  if (node.kind === 'text') return node.text;
  if (node.kind === 'value') return printed(evaluate(node.term, scope));
  const taken = node.branches.find(({ condition }) => condition === undefined || isTrue(evaluate(condition, scope)));
  return renderNodes(taken?.body ?? [], scope);
}

function evaluate(term: Term, scope: Scope): unknown {
  if (term.kind === 'literal') return term.value;
  if (term.kind === 'field') return field(scope, term.path);
  const call = FUNCTIONS[term.name];
  if (call === undefined) throw new Error(`templates of this chart do not use the function ${term.name}`);
  return call(term.args.map((each) => evaluate(each, scope)));
}

function field(scope: Scope, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => {
    if (typeof value !== 'object' || value === null || !(name in value)) throw new Error(`there is no .${path.join('.')}`);
    return (value as Scope)[name];
  }, scope);
}

/** Of Go's own and of Helm's, with their meaning. A value that is piped is the last argument. */
const FUNCTIONS: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
  and: (args) => args.find((each) => !isTrue(each)) ?? args.at(-1),
  or: (args) => args.find(isTrue) ?? args.at(-1),
  not: ([value]) => !isTrue(value),
  eq: ([first, ...others]) => others.includes(first),
  ne: ([first, second]) => first !== second,
  list: (args) => args,
  concat: (args) => args.flat(),
  toJson: ([value]) => toJson(value),
  toYaml: ([value]) => dump(value, { sortKeys: true, seqNoIndent: true, lineWidth: -1 }).trimEnd(),
  nindent: ([spaces, text]) => `\n${String(text).replace(/^(?=.)/gm, ' '.repeat(Number(spaces)))}`,
  fail: ([message]) => {
    throw new Error(String(message));
  },
};

/** As Go does it: keys sorted, and safe inside of HTML. */
function toJson(value: unknown): string {
  const sorted = JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
  return sorted.replace(/[<>&\u2028\u2029]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function isTrue(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** Text, numbers and truth values: a list or map would be printed in Go's own form, which no template means. */
function printed(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return `${value}`;
  throw new Error(`a template prints ${JSON.stringify(value)}: use toJson`);
}
