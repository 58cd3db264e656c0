/**
 * What is told of one Service across members, at `/api/v1/services/<namespace>/<name>` of the hub: who exports it, who imports it, which
 * endpoints are where, the path to them, and what stops it. `kilofed explain` renders it.
 */
import * as z from 'zod';
import type { Reason } from './reasons.js';

/** What stops a Service on its way, or keeps a part of it. */
const finding = z.object({
  /** The step on the way (core/explain/steps.ts); those who tell of it may be of another version. */
  step: z.string(),
  /** The member where it is to be put right; absent: nobody's in particular. */
  cluster: z.exactOptional(z.string()),
  reason: z.string() as unknown as z.ZodType<Reason>,
  /** What is wrong. */
  message: z.string(),
  /** What to do about it. */
  remedy: z.exactOptional(z.string()),
});

const endpoint = z.object({
  address: z.string(),
  /** Whose pod or node it is. */
  cluster: z.string(),
  /** heldBack: its exporter may say that it is ready; here it is not used. terminating: it serves the last requests. */
  state: z.enum(['ready', 'notReady', 'terminating', 'heldBack']),
  /** Why it is held back. */
  why: z.exactOptional(z.string()),
  zone: z.exactOptional(z.string()),
  /** When the EndpointSlice that has it was changed last, RFC 3339; absent: not known here. */
  since: z.exactOptional(z.string()),
});

const endpoints = z.object({
  total: z.int(),
  ready: z.int(),
  heldBack: z.int(),
  /** The first of them. */
  shown: z.array(endpoint),
});

/** What applies, in words: `{"export-to": "west, north"}`. */
const policy = z.record(z.string(), z.string());

/** From a segment of the importer to one of an exporter. */
const path = z.object({
  to: z.string(),
  fromSegment: z.string(),
  toSegment: z.string(),
  state: z.enum(['up', 'degraded', 'down', 'unknown']),
  since: z.exactOptional(z.string()),
  reason: z.exactOptional(z.string()),
  /** The tunnels of the link: the near gateway, the plane by its slot, the Peer of the far gateway. */
  planes: z.array(
    z.object({
      slot: z.int(),
      node: z.string(),
      peer: z.string(),
      state: z.enum(['up', 'down', 'unknown']),
      inUse: z.boolean(),
      since: z.exactOptional(z.string()),
      rttMilliseconds: z.exactOptional(z.number()),
      reason: z.exactOptional(z.string()),
    }),
  ),
});

const exporter = z.object({
  cluster: z.string(),
  /** How it asks for the export: an annotation, a ServiceExport, its namespace; absent: it does not. */
  by: z.exactOptional(z.string()),
  /** Whether its endpoints are offered to the others. */
  exported: z.boolean(),
  type: z.exactOptional(z.string()),
  ports: z.array(z.string()),
  addresses: z.array(z.string()),
  since: z.exactOptional(z.string()),
  policy,
  /** Absent: not known here. */
  endpoints: z.exactOptional(endpoints),
  stops: z.exactOptional(finding),
  notes: z.array(finding),
});

const importer = z.object({
  cluster: z.string(),
  /** Whether somebody exports it to this member. */
  asked: z.boolean(),
  works: z.boolean(),
  /** The Service that stands for it there; absent: none does. */
  service: z.exactOptional(z.string()),
  addresses: z.array(z.string()),
  /** DNS names by which pods reach it. */
  names: z.array(z.string()),
  since: z.exactOptional(z.string()),
  policy,
  endpoints: z.exactOptional(endpoints),
  paths: z.array(path),
  stops: z.exactOptional(finding),
  notes: z.array(finding),
});

export const explanationSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  /** It works in every member that it is exported to. */
  works: z.boolean(),
  /** The first thing that stops it. */
  first: z.exactOptional(finding),
  exporters: z.array(exporter),
  importers: z.array(importer),
  /** What could not be seen by whoever tells this. */
  unseen: z.array(z.string()),
});

export type Explanation = z.infer<typeof explanationSchema>;
export type Finding = z.infer<typeof finding>;
