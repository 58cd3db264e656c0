/**
 * The federation as a picture: members as boxes with their segments, tunnels between the segments' gateways.
 */
import type { FederationStatus } from '../api/status.js';
import { printableTexts } from '../text/printable.js';

type Member = FederationStatus['members'][number];

interface Place {
  readonly id: string;
  readonly member: Member;
  readonly label: readonly string[];
  readonly site?: string | undefined;
}

interface Tunnel {
  readonly from: string;
  readonly to: string;
  readonly state: 'linked' | 'pending' | 'refused';
}

export function topologyDot(told: FederationStatus): string {
  const status = printableTexts(told);
  const clusters = status.members.map((member, index) => {
    const nodes = placesOf(member).map((place) => `    ${quote(place.id)} [label=${quote(place.label.join('\n'))}];`);
    return [
      `  subgraph cluster_${index} {`,
      `    label=${quote(`${member.id} (${member.state})`)};`,
      '    style="rounded,dashed";',
      ...nodes,
      '  }',
    ].join('\n');
  });
  const edges = tunnelsOf(status).map(({ from, to, state }) => `  ${quote(from)} -- ${quote(to)}${DOT_STYLE[state]};`);
  return ['graph kilofed {', '  node [shape=box, style=rounded];', ...clusters, ...edges, '}'].join('\n');
}

export function topologyMermaid(told: FederationStatus): string {
  const status = printableTexts(told);
  const ids = new Map<string, string>();
  const idOf = (place: string): string => {
    const id = ids.get(place) ?? `n${ids.size}`;
    ids.set(place, id);
    return id;
  };
  const clusters = status.members.flatMap((member, index) => [
    `  subgraph c${index}["${escape(`${member.id} (${member.state})`)}"]`,
    ...placesOf(member).map((place) => `    ${idOf(place.id)}["${place.label.map(escape).join('<br/>')}"]`),
    '  end',
  ]);
  const edges = tunnelsOf(status).map(({ from, to, state }) => `  ${idOf(from)} ${MERMAID_LINE[state]} ${idOf(to)}`);
  return ['graph LR', ...clusters, ...edges].join('\n');
}

const DOT_STYLE = { linked: '', pending: ' [style=dashed]', refused: ' [style=dotted, color=red, label="refused"]' } as const;
const MERMAID_LINE = { linked: '---', pending: '-.-', refused: '-. refused .-' } as const;

function placesOf(member: Member): Place[] {
  return member.segments.map((segment) => ({
    id: `${member.id}/${segment.location}${segment.node === undefined ? '' : `/${segment.node}`}`,
    member,
    site: segment.site,
    label: [
      segment.location === '' ? 'default location' : segment.location,
      ...segment.nodes.map((node) => {
        const slot = segment.gateways.find((gateway) => gateway.node === node)?.slot;
        return slot === undefined ? node : `${node} (gateway ${slot})`;
      }),
    ],
  }));
}

/** In a member all segments are meshed, except those of one site. Between members the pair says; each pair is drawn once. */
function tunnelsOf(status: FederationStatus): Tunnel[] {
  const places = status.members.flatMap(placesOf);
  return places.flatMap((a, index) =>
    places.slice(index + 1).flatMap((b): Tunnel[] => {
      if (a.member.id === b.member.id) return a.site !== undefined && a.site === b.site ? [] : [{ from: a.id, to: b.id, state: 'linked' }];
      const states = status.pairs
        .filter(({ from, to }) => (from === a.member.id && to === b.member.id) || (from === b.member.id && to === a.member.id))
        .map(({ state }) => state);
      const worst = (['refused', 'pending', 'linked'] as const).find((state) => states.includes(state));
      return worst === undefined ? [] : [{ from: a.id, to: b.id, state: worst }];
    }),
  );
}

function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

/**
 * Mermaid takes a label for HTML, one that begins with a backtick for Markdown, and `%%{...}%%` for a directive wherever it stands. Its
 * entities are `#`, the code, `;`.
 */
function escape(text: string): string {
  return text.replaceAll(/[&<>"'`#%]/g, (character) => `#${character.charCodeAt(0)};`);
}
