/**
 * What a source imports and exports, by name and line.
 */
import { parse } from '@babel/parser';
import type { Source } from './source.js';

interface Import {
  /** As written: `./x.js`, `node:fs`, `zod`. */
  readonly from: string;
  readonly line: number;
  /** The names it takes, as the other side exports them; `*` for all. Empty: it is loaded for what it does. */
  readonly names: readonly string[];
}

interface Export {
  readonly name: string;
  readonly line: number;
  /** Whether its own file uses it, too, outside of its declaration. */
  readonly usedInside: boolean;
}

export interface Module {
  readonly file: string;
  readonly imports: readonly Import[];
  readonly exports: readonly Export[];
}

/** A node of the syntax tree, as far as we look. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly loc?: { readonly start: { readonly line: number } };
  readonly [key: string]: unknown;
}

/** @throws with the place where the text is no TypeScript. */
export function parseModule({ file, text }: Source): Module {
  const program = treeOf({ file, text });
  const all = nodesIn(program);
  const body = program['body'] as readonly Node[];
  const identifiers = all.filter(({ type }) => type === 'Identifier');
  return {
    file,
    imports: [...body.flatMap(staticImport), ...dynamicImports(all)],
    exports: body.flatMap(exported).map(({ name, node }) => ({
      name,
      line: lineOf(node),
      usedInside: identifiers.some((each) => nameOf(each) === name && (each.start < node.start || each.end > node.end)),
    })),
  };
}

function treeOf({ file, text }: Source): Node {
  try {
    return parse(text, { sourceType: 'module', plugins: ['typescript'], attachComment: false }).program as unknown as Node;
  } catch (cause) {
    throw new Error(`${file}: ${(cause as Error).message}`, { cause });
  }
}

/** `import ... from`, `export ... from`. */
function staticImport(node: Node): Import[] {
  if (node.type !== 'ImportDeclaration' && node['source'] == null) return [];
  const specifiers = (node['specifiers'] ?? []) as readonly Node[];
  const names = node.type === 'ExportAllDeclaration' ? ['*'] : specifiers.map(importedName);
  return [{ from: stringOf(node['source']), line: lineOf(node), names }];
}

function importedName(specifier: Node): string {
  switch (specifier.type) {
    case 'ImportSpecifier':
      return nameOf(specifier['imported']);
    case 'ExportSpecifier':
      return nameOf(specifier['local']);
    case 'ImportDefaultSpecifier':
      return 'default';
    default:
      return '*';
  }
}

/** `await import(...)`, with the names that are taken out of it at once, and `import('...').Type`. */
function dynamicImports(all: readonly Node[]): Import[] {
  const named = new Map(all.flatMap(namesOfAwaited));
  return all.flatMap((node): Import[] => {
    if (node.type === 'TSImportType') {
      const qualifier = node['qualifier'] as Node | null | undefined;
      const names = [qualifier == null ? '*' : nameOf(qualifier['left'] ?? qualifier)];
      return [{ from: stringOf(node['argument']), line: lineOf(node), names }];
    }
    const isImport = node.type === 'CallExpression' && (node['callee'] as Node).type === 'Import';
    const argument = isImport ? (node['arguments'] as readonly Node[])[0] : node.type === 'ImportExpression' ? node['source'] : undefined;
    if ((argument as Node | undefined)?.type !== 'StringLiteral') return [];
    return [{ from: stringOf(argument), line: lineOf(node), names: named.get(node) ?? ['*'] }];
  });
}

/** The import and its names, of `const {a, b: c} = await import()` and `(await import()).a`. */
function namesOfAwaited(node: Node): [Node, string[]][] {
  if (node.type === 'MemberExpression') {
    const object = node['object'] as Node;
    if (object.type === 'AwaitExpression' && node['computed'] !== true) return [[object['argument'] as Node, [nameOf(node['property'])]]];
  }
  if (node.type === 'VariableDeclarator') {
    const [id, init] = [node['id'] as Node, node['init'] as Node | null];
    const properties = id.type === 'ObjectPattern' ? (id['properties'] as readonly Node[]) : [];
    if (init?.type === 'AwaitExpression' && properties.length > 0 && properties.every((each) => each.type === 'ObjectProperty'))
      return [[init['argument'] as Node, properties.map((each) => nameOf(each['key']))]];
  }
  return [];
}

/** The names that a statement exports, each with what declares it. */
function exported(statement: Node): { readonly name: string; readonly node: Node }[] {
  if (statement.type === 'ExportDefaultDeclaration') return [{ name: 'default', node: statement }];
  if (statement.type !== 'ExportNamedDeclaration' || statement['source'] != null) return [];
  const declaration = statement['declaration'] as Node | null;
  if (declaration === null) {
    return (statement['specifiers'] as readonly Node[]).map((node) => ({ name: nameOf(node['exported']), node }));
  }
  if (declaration.type !== 'VariableDeclaration') return [{ name: nameOf(declaration['id']), node: declaration }];
  return (declaration['declarations'] as readonly Node[]).flatMap((node) => namesIn(node['id'] as Node).map((name) => ({ name, node })));
}

/** Of a binding, which may take an object or a list apart. */
function namesIn(pattern: Node): string[] {
  if (pattern.type === 'Identifier') return [nameOf(pattern)];
  const parts = (pattern['properties'] ?? pattern['elements'] ?? []) as readonly (Node | null)[];
  return parts.flatMap((part) => (part === null ? [] : namesIn((part['value'] ?? part['argument'] ?? part) as Node)));
}

/** The node and all below it. */
function nodesIn(root: Node): readonly Node[] {
  const all = [root];
  for (const node of all) {
    for (const value of Object.values(node)) {
      if (Array.isArray(value)) all.push(...value.filter(isNode));
      else if (isNode(value)) all.push(value);
    }
  }
  return all;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

function nameOf(node: unknown): string {
  const { name, value } = node as { readonly name?: string; readonly value?: string };
  return name ?? value ?? '';
}

function stringOf(node: unknown): string {
  const literal = node as Node;
  return nameOf(literal.type === 'TSLiteralType' ? literal['literal'] : literal);
}

function lineOf(node: Node): number {
  return node.loc?.start.line ?? 0;
}
