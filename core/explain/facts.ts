/**
 * What is to be known of one Service before it can be explained. Whoever knows less says less: what is absent was not seen, and stops
 * nothing.
 */
import type { Complaint } from '../api/problem.js';
import type { Explanation } from '../api/explanation.js';

export type EndpointFact = NonNullable<Explanation['exporters'][number]['endpoints']>['shown'][number];
export type PathFact = Explanation['importers'][number]['paths'][number];

/** A port of the Service or of its slices. */
interface PortFact {
  readonly name: string;
  readonly protocol: string;
}

/** One member as far as it exports the Service, or might. */
export interface ExporterFacts {
  readonly cluster: string;
  /** What has the name there. */
  readonly service: 'none' | 'somebodys' | 'mirror';
  readonly namespace?: 'present' | 'absent' | 'terminating';
  /** What asks for the export. Absent: nothing does. */
  readonly by?: string;
  /** Whether its endpoints are offered. */
  readonly exported: boolean;
  /** Ids of the members that it exports to. Absent: all. */
  readonly targets?: readonly string[];
  readonly type?: string;
  readonly ports: readonly (PortFact & { readonly port: number })[];
  /** Virtual addresses in its own cluster. */
  readonly addresses: readonly string[];
  readonly since?: string;
  readonly policy: Readonly<Record<string, string>>;
  /** Of all its EndpointSlices. */
  readonly slicePorts?: readonly PortFact[];
  readonly endpoints?: readonly EndpointFact[];
  /** Whether a node of it ends tunnels. */
  readonly hasGateway?: boolean;
  /** Why its nodes let no packet of other members in. */
  readonly closed?: Complaint;
  /** What is wrong with the export, in any order. */
  readonly told: readonly Complaint[];
}

/** One member as far as it imports the Service. */
export interface ImporterFacts {
  readonly cluster: string;
  /** The Service that stands for it. */
  readonly service?: string;
  /** Whether it stands under no name but the derived one by which only `clusterset.local` leads to it. */
  readonly derivedOnly: boolean;
  readonly addresses: readonly string[];
  readonly names: readonly string[];
  readonly since?: string;
  readonly policy: Readonly<Record<string, string>>;
  /** Of the mirror, and of a Service of its own that has the name. Absent: not known. */
  readonly endpoints?: readonly EndpointFact[];
  readonly paths: readonly PathFact[];
  /** What is wrong with the import, in any order. */
  readonly told: readonly Complaint[];
  /** Why nothing stands there, where nothing that was told says it. */
  readonly awaits?: string;
}

export interface ExplainFacts {
  readonly namespace: string;
  readonly name: string;
  /** Members in which something of the name stands, or asks for it. */
  readonly exporters: readonly ExporterFacts[];
  /** All members that could import it. */
  readonly importers: readonly ImporterFacts[];
  /** What those who gathered this could not see. */
  readonly unseen: readonly string[];
  /** Who imports what does not say it. Absent: all. */
  readonly exportToDefault?: 'all' | 'none';
}
