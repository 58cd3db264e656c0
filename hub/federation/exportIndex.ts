/**
 * Who exports what, of all members that were read and may. It is built once and follows single Services: a member that exports
 * thousands may change any number of them a second.
 */
import type { Member } from '../members/member.js';

export interface ExportIndex {
  /** Every Service that anybody exports, as `namespace/name`, with its exporters, sorted. */
  all(): ReadonlyMap<string, readonly string[]>;
  /** Those in one namespace. */
  inNamespace(namespace: string): ReadonlySet<string>;
  /** Who exports the Service has changed. */
  changed(service: string): void;
  /** Anything may have changed. */
  reset(): void;
}

interface ExportIndexDeps {
  /** Sorted by id. */
  readonly members: () => readonly Pick<Member, 'id' | 'records' | 'synced'>[];
  readonly mayExport: (id: string, namespace: string) => boolean;
}

const NONE: ReadonlySet<string> = new Set();

export function createExportIndex(deps: ExportIndexDeps): ExportIndex {
  let exporters: Map<string, string[]> | undefined;
  const namespaces = new Map<string, Set<string>>();

  function set(index: Map<string, string[]>, service: string, ids: string[]): void {
    const namespace = namespaceOf(service);
    if (ids.length > 0) {
      index.set(service, ids);
      namespaces.set(namespace, (namespaces.get(namespace) ?? new Set()).add(service));
      return;
    }
    index.delete(service);
    const others = namespaces.get(namespace);
    others?.delete(service);
    if (others?.size === 0) namespaces.delete(namespace);
  }

  function build(): Map<string, string[]> {
    const index = new Map<string, string[]>();
    namespaces.clear();
    for (const { id, records } of deps.members().filter((each) => each.synced())) {
      const may = new Map<string, boolean>();
      for (const service of records.exported()) {
        const namespace = namespaceOf(service);
        const allowed = may.get(namespace) ?? deps.mayExport(id, namespace);
        may.set(namespace, allowed);
        if (allowed) set(index, service, [...(index.get(service) ?? []), id]);
      }
    }
    return index;
  }

  const all = (): Map<string, string[]> => (exporters ??= build());

  return {
    all,
    inNamespace(namespace) {
      all();
      return namespaces.get(namespace) ?? NONE;
    },
    changed(service) {
      if (exporters === undefined) return;
      const namespace = namespaceOf(service);
      const now = deps
        .members()
        .filter((each) => each.synced() && each.records.exported().has(service) && deps.mayExport(each.id, namespace));
      set(
        exporters,
        service,
        now.map(({ id }) => id),
      );
    },
    reset() {
      exporters = undefined;
    },
  };
}

function namespaceOf(service: string): string {
  return service.slice(0, service.indexOf('/'));
}
