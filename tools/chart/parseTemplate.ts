/**
 * Go's template language as far as templates of charts/kilofed use it, from text to a tree.
 */

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly term: Term }
  | { readonly kind: 'if'; readonly branches: readonly Branch[] };

interface Branch {
  /** Absent: else. */
  readonly condition?: Term;
  readonly body: readonly Node[];
}

export type Term =
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'field'; readonly path: readonly string[] }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Term[] };

type Piece = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'action'; readonly action: string };

/** @throws where the text is not of that part of the language. */
export function parseTemplate(text: string): readonly Node[] {
  const pieces = split(text);
  const { nodes, end } = parseBody(pieces, 0);
  if (end < pieces.length) throw new Error(`a template has "${actionAt(pieces, end)}" without an if`);
  return nodes;
}

/** Text and actions by turns. `{{-` takes the white space before it away, `-}}` that after it. */
function split(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(/(\s+(?=\{\{- ))?\{\{(?:- )?(\/\*[^]*?\*\/|[^]*?)( -\}\}\s*|\}\})/g)) {
    const action = (match[2] ?? '').trim();
    pieces.push({ kind: 'text', text: text.slice(at, match.index) });
    if (!action.startsWith('/*')) pieces.push({ kind: 'action', action });
    at = match.index + match[0].length;
  }
  pieces.push({ kind: 'text', text: text.slice(at) });
  return pieces.filter((each) => each.kind === 'action' || each.text !== '');
}

function actionAt(pieces: readonly Piece[], at: number): string | undefined {
  const piece = pieces[at];
  return piece?.kind === 'action' ? piece.action : undefined;
}

/** Up to the action that ends a branch, or the end of the text. */
function parseBody(pieces: readonly Piece[], from: number): { readonly nodes: readonly Node[]; readonly end: number } {
  const nodes: Node[] = [];
  let at = from;
  for (let piece = pieces[at]; piece !== undefined; piece = pieces[at]) {
    if (piece.kind === 'text') {
      nodes.push(piece);
      at += 1;
    } else if (/^(else|end)\b/.test(piece.action)) {
      break;
    } else if (piece.action.startsWith('if ')) {
      const parsed = parseIf(pieces, at);
      nodes.push(parsed.node);
      at = parsed.end;
    } else {
      nodes.push({ kind: 'value', term: parsePipeline(piece.action) });
      at += 1;
    }
  }
  return { nodes, end: at };
}

function parseIf(pieces: readonly Piece[], from: number): { readonly node: Node; readonly end: number } {
  const branches: Branch[] = [];
  let at = from;
  for (;;) {
    const [, condition] = /^(?:else )?if (.*)$/s.exec(actionAt(pieces, at) ?? '') ?? [];
    const { nodes, end } = parseBody(pieces, at + 1);
    branches.push({ ...(condition !== undefined && { condition: parsePipeline(condition) }), body: nodes });
    const next = actionAt(pieces, end);
    if (next === undefined) throw new Error(`a template has an if without an end: ${actionAt(pieces, from)}`);
    at = end;
    if (next === 'end') return { node: { kind: 'if', branches }, end: end + 1 };
  }
}

const TOKEN = /\s+|"(?:[^"\\]|\\.)*"|-?\d+|\.[A-Za-z][\w.]*|[A-Za-z]\w*|[()|]/gy;

function parsePipeline(text: string): Term {
  const tokens = [...text.matchAll(TOKEN)].map(([token]) => token);
  if (tokens.join('') !== text) throw new Error(`a template has what this chart does not use: {{ ${text} }}`);
  const { term, rest } = readPipeline(tokens.filter((token) => token.trim() !== ''));
  if (rest.length > 0) throw new Error(`a template has a ")" too many: {{ ${text} }}`);
  return term;
}

interface Read {
  readonly term: Term;
  readonly rest: readonly string[];
}

function readPipeline(tokens: readonly string[]): Read {
  let { term, rest } = readCommand(tokens);
  while (rest[0] === '|') {
    const next = readCommand(rest.slice(1));
    if (next.term.kind !== 'call') throw new Error('a template pipes into what is no function');
    term = { ...next.term, args: [...next.term.args, term] };
    rest = next.rest;
  }
  return { term, rest };
}

/** A term, or a function with its arguments, up to `|`, `)` or the end. */
function readCommand(tokens: readonly string[]): Read {
  const [first = '', ...others] = tokens;
  if (!/^[A-Za-z]/.test(first) || first === 'true' || first === 'false') return readTerm(tokens);
  const args: Term[] = [];
  let rest: readonly string[] = others;
  while (rest.length > 0 && rest[0] !== '|' && rest[0] !== ')') {
    const read = readTerm(rest);
    args.push(read.term);
    rest = read.rest;
  }
  return { term: { kind: 'call', name: first, args }, rest };
}

function readTerm([first, ...rest]: readonly string[]): Read {
  if (first === undefined) throw new Error('a template has an action without a value');
  if (first === '(') {
    const { term, rest: after } = readPipeline(rest);
    if (after[0] !== ')') throw new Error('a template has a "(" without its ")"');
    return { term, rest: after.slice(1) };
  }
  if (first.startsWith('.')) return { term: { kind: 'field', path: first.slice(1).split('.') }, rest };
  if (/^["\d-]/.test(first) || first === 'true' || first === 'false') {
    return { term: { kind: 'literal', value: JSON.parse(first) as string | number | boolean }, rest };
  }
  return { term: { kind: 'call', name: first, args: [] }, rest };
}
