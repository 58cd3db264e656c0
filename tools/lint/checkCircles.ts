/**
 * No circles between files, nor between folders of what ships: none of a circle can be understood, tested or moved without the others.
 * Imports of types count, since a reader follows them, too. Files beside sub-folders are a folder of their own: `hub` is not `hub/members`.
 */
import { posix } from 'node:path';
import type { Finding } from './finding.js';
import { findCircles } from './findCircles.js';
import type { Module } from './parseModule.js';
import { isForTests, resolveImport } from './resolveImport.js';

export function checkCircles(modules: readonly Module[]): readonly Finding[] {
  const edges = modules.flatMap(({ file, imports }) =>
    imports.flatMap(({ from, line }) => {
      const to = resolveImport(file, from);
      return to === undefined ? [] : [{ file, line, to }];
    }),
  );
  const shipped = edges.filter(({ file }) => !isForTests(file));
  return [...circles(edges, 'files', (file) => file), ...circles(shipped, 'folders', posix.dirname)];
}

interface Edge {
  readonly file: string;
  readonly line: number;
  readonly to: string;
}

/** One finding for each arrow of a circle of what `nodeOf` makes of files, at the first import that makes it. */
function circles(edges: readonly Edge[], what: string, nodeOf: (file: string) => string): Finding[] {
  const graph = new Map<string, Map<string, Edge[]>>();
  for (const edge of edges) {
    const [from, to] = [nodeOf(edge.file), nodeOf(edge.to)];
    const arrows = graph.get(from) ?? new Map<string, Edge[]>();
    graph.set(from, arrows.set(to, [...(arrows.get(to) ?? []), edge]));
  }
  const targets = new Map([...graph].map(([from, arrows]) => [from, arrows.keys()]));
  return findCircles(targets).flatMap((circle) =>
    circle.flatMap((from) =>
      [...(graph.get(from) ?? [])].flatMap(([to, imports]) => {
        const [first] = imports;
        if (first === undefined || from === to || !circle.includes(to)) return [];
        const more = imports.length === 1 ? '' : ` and ${imports.length - 1} more`;
        return [{ ...first, message: `imports ${first.to}${more}: ${from} -> ${to}, in a circle of ${what}: ${circle.join(', ')}` }];
      }),
    ),
  );
}
