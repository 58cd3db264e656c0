/**
 * This node's GatewayReport at the API server: read once, and then written where it differs.
 */
import { FIELD_MANAGER } from '../../core/api/names.js';
import { apiVersion, type KubeObject, RESOURCE } from '../../core/api/resources.js';
import type { ReportSpec } from '../../core/reports/settleReport.js';
import type { Result } from '../../core/runtime/result.js';
import { applyObject, deleteObject, getObject } from '../../kube/wire/apply.js';
import type { KubeClient } from '../../kube/wire/client.js';

/** The Node that the report is about, and that owns it. */
export interface ReportOwner {
  readonly name: string;
  readonly uid: string;
}

export interface StoredReport {
  readonly spec: ReportSpec;
  /** UIDs of its owners. */
  readonly owners: readonly string[];
}

export interface ReportStore {
  /** Undefined: there is none. */
  read(node: string): Promise<Result<StoredReport | undefined>>;
  write(owner: ReportOwner, spec: ReportSpec): Promise<Result<void>>;
  remove(node: string): Promise<Result<void>>;
}

export function createReportStore(client: KubeClient): ReportStore {
  const resource = RESOURCE.gatewayReport;
  return {
    async read(name) {
      const answer = await getObject(client, { resource, name });
      if (answer.ok) return { ok: true, value: storedOf(answer.value) };
      return answer.error.kind === 'notFound' ? { ok: true, value: undefined } : { ok: false, error: answer.error.message };
    },
    async write({ name, uid }, spec) {
      const answer = await applyObject(
        client,
        {
          apiVersion: apiVersion(resource),
          kind: resource.kind,
          metadata: { name, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] },
          spec,
        } as KubeObject,
        { fieldManager: FIELD_MANAGER.nodeAgent },
      );
      return answer.ok ? { ok: true, value: undefined } : { ok: false, error: answer.error.message };
    },
    async remove(name) {
      const answer = await deleteObject(client, { resource, name });
      return answer.ok ? answer : { ok: false, error: answer.error.message };
    },
  };
}

/** What cannot be a report of ours counts for nothing, and is written over. The API server has checked the rest by the CRD. */
function storedOf({ metadata, ...object }: KubeObject & { readonly spec?: Partial<ReportSpec> }): StoredReport {
  const { draining, links } = object.spec ?? {};
  return {
    spec: { ...(draining === undefined ? {} : { draining }), links: Array.isArray(links) ? links : [] },
    owners: (metadata.ownerReferences ?? []).map(({ uid }) => uid),
  };
}
