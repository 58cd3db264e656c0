/**
 * Reads one context of a kubeconfig. Every mistake becomes a sentence that says what to correct.
 *
 * The text may be anybody's: it is parsed without aliases (which can be circular, or expand to gigabytes), and only fields whose type
 * and size were checked leave this file.
 */
import type { Result } from '../../core/runtime/result.js';
import { load, YAMLException } from 'js-yaml';
import { type ClusterFields, type KubeconfigRights, readCluster, readUser, type UserFields } from './fields.js';
import { printable } from '../../core/text/printable.js';

export interface KubeconfigParts {
  readonly context: string;
  /** `https://…`, without a slash at its end. */
  readonly server: string;
  readonly cluster: ClusterFields;
  readonly user: UserFields;
}

type Fields = Readonly<Record<string, unknown>>;

/** Characters: one with embedded certificates has about 6,000. */
const LONGEST = 1 << 20;
/** Characters that make structure in YAML: parsing takes as long as there are many. One context has about a hundred. */
const MOST_MARKS = 4_000;
const MARKS = new Set('\n,:-?[]{}#');
/** A kubeconfig is five levels deep, more where an `extensions` is. */
const DEEPEST = 32;

/** `wanted` undefined: the current-context. Never throws. */
export function readKubeconfig(text: string, wanted: string | undefined, rights: KubeconfigRights): Result<KubeconfigParts> {
  const parsed = parse(text, rights);
  if (!parsed.ok) return parsed;
  const config = parsed.value;
  const name = wanted ?? config['current-context'];
  if (!isText(name)) return wrong('the kubeconfig has no current-context: set one');
  const context = entry(config, 'context', name);
  if (context === undefined) return wrong(`the kubeconfig has no context ${printable(name, 100)}: it has ${names(config, 'contexts')}`);
  const { cluster: clusterName, user: userName } = context;
  if (!isText(clusterName) || !isText(userName)) return wrong(`context ${printable(name, 100)} must name a cluster and a user`);
  const cluster = entry(config, 'cluster', clusterName);
  if (cluster === undefined) return undefinedIn(name, `cluster ${printable(clusterName, 100)}`);
  const user = entry(config, 'user', userName);
  if (user === undefined) return undefinedIn(name, `user ${printable(userName, 100)}`);
  const server = serverOf(cluster['server'], clusterName);
  if (!server.ok) return server;
  const clusterFields = readCluster(cluster, `cluster ${printable(clusterName, 100)}`, rights);
  if (!clusterFields.ok) return clusterFields;
  const userFields = readUser(user, `user ${printable(userName, 100)}`, rights);
  if (!userFields.ok) return userFields;
  if (!CREDENTIALS.some((field) => userFields.value[field] !== undefined)) {
    const usual = rights.programs ? 'a token, a client certificate or an exec program' : 'a token or a client certificate';
    return wrong(`user ${printable(userName, 100)} has no credentials: give it ${usual}`);
  }
  return { ok: true, value: { context: name, server: server.value, cluster: clusterFields.value, user: userFields.value } };
}

const CREDENTIALS = ['token', 'tokenFile', 'client-certificate', 'client-certificate-data', 'username', 'exec', 'auth-provider'] as const;

function parse(text: string, { files }: KubeconfigRights): Result<Fields> {
  if (text.length > LONGEST) return wrong(`the kubeconfig is longer than ${LONGEST} characters`);
  // Who could not write here otherwise does not keep this thread busy either.
  if (!files && !isSmall(text)) return wrong(`the kubeconfig has more than ${MOST_MARKS} lines and fields: leave only one context in it`);
  let value: unknown;
  try {
    value = text.trim() === '' ? undefined : load(text, { maxAliases: 0, maxDepth: DEEPEST, maxTotalMergeKeys: 0 });
  } catch (error) {
    return wrong(`the kubeconfig is not valid YAML: ${faultOf(error)}`);
  }
  if (!isFields(value)) return wrong('the kubeconfig is empty, or not of kind Config');
  const { kind } = value;
  if (isText(kind) && kind !== 'Config') return wrong(`this is of kind "${printable(kind, 100)}": a kubeconfig is of kind Config`);
  return { ok: true, value };
}

function isSmall(text: string): boolean {
  let marks = 0;
  for (const character of text) if (MARKS.has(character)) marks += 1;
  return marks <= MOST_MARKS;
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
  const found = entries(config, list).flatMap(({ name }) => (isText(name) ? [printable(name, 100)] : []));
  if (found.length === 0) return 'none';
  const shown = found.toSorted().slice(0, NAMES_SHOWN);
  return shown.length < found.length ? `${shown.join(', ')} and ${found.length - shown.length} more` : shown.join(', ');
}

const NAMES_SHOWN = 10;

/** As it is parsed, so that what is shown and what is asked are the same. */
function serverOf(server: unknown, cluster: string): Result<string> {
  const of = `of cluster ${printable(cluster, 100)}`;
  if (!isText(server) || server.length > 2048) return wrong(`server ${of} must be an https:// URL`);
  // It may hold a password, and its parts are not told apart where it does not parse.
  if (server.includes('@')) return wrong(`server ${of} must not hold a name and password: put credentials into the user`);
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url?.protocol !== 'https:' || url.hostname === '') return wrong(`server "${printable(server, 200)}" ${of} must be an https:// URL`);
  if (url.search !== '' || url.hash !== '') return wrong(`server ${of} must be an https:// URL without "?" and "#"`);
  return { ok: true, value: `${url.origin}${withoutSlashes(url.pathname)}` };
}

/** Without the slashes at its end. Not a regular expression: of many slashes it would make quadratic work. */
function withoutSlashes(path: string): string {
  let end = path.length;
  while (end > 0 && path[end - 1] === '/') end -= 1;
  return path.slice(0, end);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function undefinedIn(context: string, what: string): Result<never> {
  return wrong(`context ${printable(context, 100)} names ${what}, which the kubeconfig does not define`);
}

/** What is wrong and where, without what the parser quotes of the text: that may be a token. */
function faultOf(error: unknown): string {
  if (!(error instanceof YAMLException)) return 'it cannot be parsed';
  const { reason, mark } = error;
  const said = reason.startsWith('aliases')
    ? 'it has an alias (*): write out what stands at its anchor (&)'
    : reason.split(/[!"]|: /, 1)[0];
  return `${said?.trim()}${mark === undefined ? '' : ` (line ${mark.line + 1})`}`;
}

function wrong(error: string): Result<never> {
  return { ok: false, error };
}
