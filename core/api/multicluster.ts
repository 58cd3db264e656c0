/**
 * `ServiceExport` and `ServiceImport` (multicluster.x-k8s.io, KEP-1645): the community's names for what is exported and
 * what was imported. v1alpha1 and v1beta1 have the same fields; both are served, v1beta1 is stored.
 *
 * Field for field what mcs-api v0.5.0 defines, so that objects written for it, by people or by other implementations,
 * are taken here; no rule of ours refuses what it takes. Which fields the hub reads: docs/export-a-service.md.
 */
import * as z from 'zod';
import { conditions, LIST_MAP_KEYS, LIST_TYPE, meta } from './schema.js';

const apiVersion = z.enum(['multicluster.x-k8s.io/v1beta1', 'multicluster.x-k8s.io/v1alpha1']);
const texts = z.record(z.string(), z.string());

export const serviceExportSchema = z.object({
  apiVersion,
  kind: z.literal('ServiceExport'),
  metadata: meta,
  spec: z
    .object({
      exportedLabels: texts.optional().describe('Labels of the imports: all of those that the first exporter has.'),
      exportedAnnotations: texts.optional().describe('Annotations of the imports, likewise.'),
    })
    .optional(),
  status: z.object({ conditions: conditions.optional() }).optional(),
});

const importPort = z.object({
  name: z.string().optional().describe('A DNS label, unique in the list; may be absent where there is one port.'),
  protocol: z.string().optional().describe('TCP (the default), UDP or SCTP.'),
  appProtocol: z.string().optional(),
  port: z.int32(),
});

export const serviceImportSchema = z.object({
  apiVersion,
  kind: z.literal('ServiceImport'),
  metadata: meta,
  spec: z
    .object({
      ports: z.array(importPort).meta({ [LIST_TYPE]: 'atomic' }),
      ips: z.array(z.string()).max(2).optional().describe('Virtual addresses in the whole clusterset; none when headless.'),
      ipFamilies: z.array(z.string()).max(2).optional(),
      type: z.enum(['ClusterSetIP', 'Headless']),
      sessionAffinity: z.string().optional().describe('None (the default) or ClientIP; ignored when headless.'),
      sessionAffinityConfig: z
        .object({
          clientIP: z
            .object({
              timeoutSeconds: z.int32().optional(),
            })
            .optional(),
        })
        .optional(),
      internalTrafficPolicy: z.string().optional(),
      trafficDistribution: z.string().optional(),
    })
    .optional(),
  status: z
    .object({
      clusters: z
        .array(z.object({ cluster: z.string().describe('Id of an exporting member.') }))
        .meta({ [LIST_TYPE]: 'map', [LIST_MAP_KEYS]: ['cluster'] })
        .optional(),
      conditions: conditions.optional(),
    })
    .optional(),
});
