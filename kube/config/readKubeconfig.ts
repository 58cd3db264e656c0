/**
 * What a kubeconfig says about one context, checked: every mistake is a sentence that says what to put right.
 */
import { load } from 'js-yaml';

export type Fields = Readonly<Record<string, unknown>>;

export type ReadKubeconfig = KubeconfigParts | { readonly ok: false; readonly error: string };

export interface KubeconfigParts {
  readonly ok: true;
  readonly context: string;
  readonly namespace?: string;
  /** `https://…`, without a slash at its end. */
  readonly server: string;
  readonly cluster: Fields;
  readonly user: Fields;
}

/** `wanted` undefined: the current-context. */
export function readKubeconfig(text: string, wanted: string | undefined): ReadKubeconfig {
  const parsed = parse(text);
  if (!parsed.ok) return parsed;
  const config = parsed.value;
  const name = wanted ?? config['current-context'];
  if (typeof name !== 'string' || name === '') return wrong('the kubeconfig has no current-context: set one');
  const context = entry(config, 'context', name);
  if (context === undefined) return wrong(`the kubeconfig has no context ${name}: it has ${names(config, 'contexts')}`);
  const [clusterName, userName] = [String(context['cluster']), String(context['user'])];
  const cluster = entry(config, 'cluster', clusterName);
  if (cluster === undefined) return wrong(`context ${name} names cluster ${clusterName}, which the kubeconfig does not define`);
  const user = entry(config, 'user', userName);
  if (user === undefined) return wrong(`context ${name} names user ${userName}, which the kubeconfig does not define`);
  const server = serverOf(cluster['server']);
  if (server === undefined) return wrong(`server ${JSON.stringify(cluster['server'])} of cluster ${clusterName} must be an https:// URL`);
  if (isText(cluster['proxy-url'])) return wrong(`cluster ${clusterName} has a proxy-url, which is not supported: give an address that is reached directly`);
  if (!CREDENTIALS.some((field) => user[field] !== undefined && user[field] !== null && user[field] !== '')) {
    return wrong(`user ${userName} has no credentials: give it a token, a client certificate or an exec program`);
  }
  const { namespace } = context;
  return { ok: true, context: name, server, cluster, user, ...(isText(namespace) ? { namespace } : {}) };
}

const CREDENTIALS = ['token', 'tokenFile', 'token-file', 'client-certificate', 'client-certificate-data', 'username', 'exec', 'auth-provider'];

function parse(text: string): { readonly ok: true; readonly value: Fields } | { readonly ok: false; readonly error: string } {
  let value: unknown;
  try {
    value = text.trim() === '' ? undefined : load(text);
  } catch (error) {
    // The lines after the first quote the text, tokens and all.
    return wrong(`the kubeconfig is not valid YAML: ${messageOf(error).split('\n', 1)[0]}`);
  }
  if (!isFields(value)) return wrong('the kubeconfig is empty, or not of kind Config');
  if (value['kind'] !== undefined && value['kind'] !== 'Config') return wrong(`this is of kind ${JSON.stringify(value['kind'])}: a kubeconfig is of kind Config`);
  return { ok: true, value };
}

/** The fields of the entry of that name in the list of its kind: `contexts: [{name, context: {…}}]`. */
function entry(config: Fields, kind: 'context' | 'cluster' | 'user', name: string): Fields | undefined {
  const fields = entries(config, `${kind}s`).find((each) => each['name'] === name)?.[kind];
  return isFields(fields) ? fields : undefined;
}

function entries(config: Fields, list: string): readonly Fields[] {
  const found = config[list];
  return Array.isArray(found) ? (found as unknown[]).filter(isFields) : [];
}

function names(config: Fields, list: string): string {
  const found = entries(config, list).map((each) => String(each['name']));
  return found.length === 0 ? 'none' : found.toSorted().join(', ');
}

function serverOf(server: unknown): string | undefined {
  if (!isText(server) || !URL.canParse(server)) return undefined;
  return new URL(server).protocol === 'https:' ? server.replace(/\/+$/, '') : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function wrong(error: string): { readonly ok: false; readonly error: string } {
  return { ok: false, error };
}
