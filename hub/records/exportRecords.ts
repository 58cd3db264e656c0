/**
 * The ServiceExports of a member: the hub's own, and those that people made, which ask for exports.
 */
import type { KubeObject } from '../../core/api/resources.js';
import type { ServiceExportAsk } from '../../core/services/observedExport.js';
import { checkedFeed } from './checkedFeed.js';
import { isStale } from './existingObject.js';
import { type Feed, setOrDelete } from './feed.js';
import type { Kept } from './kept.js';
import type { ObjectProblems } from './objectProblems.js';
import { type ExistingExport, projectExport } from './projectExport.js';

/** All keyed by `namespace/name`. */
interface ExportRecords {
  readonly feed: Feed<Kept<ExistingExport>>;
  readonly all: ReadonlyMap<string, ExistingExport>;
  /** What a person's ServiceExport asks for. */
  asked(service: string): ServiceExportAsk | undefined;
  /** Takes the answer to a write of the status of a person's ServiceExport: of its metadata and status only. */
  reported(service: string, object: KubeObject): void;
}

interface ExportRecordsDeps {
  readonly problems: ObjectProblems;
  readonly changed: (service: string) => void;
  /** Another thing is asked for than before. */
  readonly askChanged: (service: string) => void;
}

export function createExportRecords({ problems, changed, askChanged }: ExportRecordsDeps): ExportRecords {
  const all = new Map<string, ExistingExport>();
  const asked = (service: string): ServiceExportAsk | undefined => askOf(all.get(service));
  return {
    all,
    asked,
    feed: checkedFeed('serviceExport', problems, {
      project: projectExport,
      isStale: (key, current, previous) => isStale(all.get(key)?.object, current?.object, previous?.object),
      changed(key, current) {
        const before = JSON.stringify(asked(key));
        setOrDelete(all, key, current);
        if (JSON.stringify(asked(key)) !== before) askChanged(key);
        changed(key);
      },
    }),
    reported(service, object) {
      const existing = all.get(service);
      // The watch may have told of a later version before the answer came.
      if (existing?.own === false && !isStale(existing.object, object, undefined)) all.set(service, { ...existing, object });
    },
  };
}

function askOf(existing: ExistingExport | undefined): ServiceExportAsk | undefined {
  return existing?.own === false ? existing.asked : undefined;
}
