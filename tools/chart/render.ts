/**
 * charts/kilofed as it lies in the repository, rendered with a preset: what becomes `manifests/NAME.yaml`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { renderTemplate, type Scope } from './template.js';
import { Values } from './values.js';

/** The presets that become manifests of the same name. */
export const MANIFESTS = ['cluster', 'cluster-cni', 'member', 'member-namespaces', 'hub', 'hub-redis', 'uninstall'] as const;

/** In the order in which they stand in a manifest: a policy before the right that it narrows. Helm has its own order. */
const TEMPLATES = ['namespace', 'quota', 'node-agent', 'cluster-agent', 'account', 'account-namespaces', 'hub', 'mesh', 'uninstall'];

/** The text of `manifests/NAME.yaml`: the preset's leading comment, then what the templates make of it. `root`: the repository's. */
export function renderManifest(root: string, name: (typeof MANIFESTS)[number]): string {
  const chart = join(root, 'charts/kilofed');
  const preset = readFileSync(join(chart, `presets/${name}.yaml`), 'utf8');
  const [about = ''] = /^(?:#.*\n)*/.exec(preset) ?? [];
  const values = Values.parse(merge(load(readFileSync(join(chart, 'values.yaml'), 'utf8')), load(preset)));
  const scope = { Values: values, Release: { Name: 'kilofed', Namespace: 'kilofed' } };
  const documents = TEMPLATES.map((each) => renderTemplate(readFileSync(join(chart, `templates/${each}.yaml`), 'utf8'), scope).trim());
  const made = `# Made of charts/kilofed by \`npm run generate\`: change its templates or presets/${name}.yaml, not this.\n#\n`;
  return `${made}${about}${documents.filter((each) => each !== '').join('\n---\n')}\n`;
}

/** As Helm does it: maps are merged, everything else is replaced. */
function merge(base: unknown, over: unknown): unknown {
  if (!isMap(base) || !isMap(over)) return over;
  return { ...base, ...Object.fromEntries(Object.entries(over).map(([key, value]) => [key, merge(base[key], value)])) };
}

function isMap(value: unknown): value is Scope {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
