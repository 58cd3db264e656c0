/**
 * The circles of a graph: every largest set of nodes of which each reaches each other (Tarjan's strongly connected components).
 */

/** Sorted sets of two or more nodes, sorted. A node's edge to itself is no circle. */
export function findCircles(edges: ReadonlyMap<string, Iterable<string>>): readonly (readonly string[])[] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const circles: string[][] = [];

  const visit = (node: string): number => {
    const own = order.size;
    order.set(node, own);
    lowest.set(node, own);
    open.push(node);
    for (const next of edges.get(node) ?? []) {
      const reached = order.has(next) ? (open.includes(next) ? order.get(next) : undefined) : visit(next);
      lowest.set(node, Math.min(lowest.get(node) ?? own, reached ?? own));
    }
    if (lowest.get(node) === own) {
      const set = open.splice(open.indexOf(node));
      if (set.length > 1) circles.push(set.toSorted());
    }
    return lowest.get(node) ?? own;
  };

  for (const node of [...edges.keys()].toSorted()) if (!order.has(node)) visit(node);
  return circles.toSorted((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1));
}
