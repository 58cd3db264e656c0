/**
 * The fields of a kubeconfig that are understood, with their types and bounds (client-go, tools/clientcmd/api/v1), and who may use
 * which: a kubeconfig is a program in disguise. Its fields name files to read, programs to run, and whether to look who answers.
 */
import * as z from 'zod';
import type { Result } from '../../core/runtime/result.js';
import { printable } from '../../core/text/printable.js';

/** What a kubeconfig may make this machine do. Whoever can write it decides that. */
export interface KubeconfigRights {
  /** Read files, and act as another user: for those to whom this machine belongs. */
  readonly files: boolean;
  /** Run programs that print credentials. */
  readonly programs: boolean;
  /** Talk to an API server without looking who it is. */
  readonly insecureTls: boolean;
}

/** Inline data only: a kubeconfig of somebody who has no rights on this machine. */
export const INLINE_ONLY: KubeconfigRights = { files: false, programs: false, insecureTls: false };
/** A kubeconfig that lies on this machine: whoever wrote it could do all of that anyway. */
export const OF_THIS_MACHINE: KubeconfigRights = { files: true, programs: true, insecureTls: true };

/** Characters of a chain of certificates: more than a whole kubeconfig has. */
const LONGEST = 1 << 20;
const CONTROL = /\p{Cc}/u;

const text = (most: number) =>
  z
    .string('must be text')
    .max(most, `must be at most ${most} characters long`)
    .refine((value) => !CONTROL.test(value), 'must not hold control characters');
const flag = z.boolean('must be true or false').optional();
const path = text(4096).optional();
const data = z.string('must be text').max(LONGEST, `must be at most ${LONGEST} characters long`).optional();
const mapping = z.record(z.string(), z.unknown(), 'must be a mapping').optional();

export const execSchema = z.object(
  {
    command: text(4096),
    args: z.array(text(8192), 'must be a list').max(100, 'must have at most 100 entries').nullish(),
    env: z
      .array(
        z.object({ name: text(256).regex(/^[^=]+$/, 'must be a name'), value: text(8192) }, 'must have a name and a value'),
        'must be a list',
      )
      .max(100, 'must have at most 100 entries')
      .nullish(),
    apiVersion: text(100).nullish(),
    provideClusterInfo: z.boolean('must be true or false').nullish(),
    installHint: z.string('must be text').max(8192, 'must be at most 8192 characters long').nullish(),
  },
  'must be a mapping',
);

const clusterSchema = z.object({
  server: text(2048),
  'tls-server-name': text(253)
    .regex(/^[-A-Za-z0-9._:]+$/, 'must be a host name')
    .optional(),
  'certificate-authority': path,
  'certificate-authority-data': data,
  'insecure-skip-tls-verify': flag,
  'proxy-url': text(2048).optional(),
});

const userSchema = z.object({
  /** What an HTTP header can carry. */
  token: text(16_384)
    .regex(/^[\x21-\x7e]+$/, 'must be a token without spaces')
    .optional(),
  tokenFile: path,
  'client-certificate': path,
  'client-certificate-data': data,
  'client-key': path,
  'client-key-data': data,
  username: text(1024).optional(),
  password: text(1024).optional(),
  as: text(1024)
    .regex(/^[\x20-\x7e]+$/, 'must be a user name')
    .optional(),
  'auth-provider': mapping,
  exec: execSchema.optional(),
});

export type ClusterFields = Readonly<z.infer<typeof clusterSchema>>;
export type UserFields = Readonly<z.infer<typeof userSchema>>;

/** What a field asks of this machine, and what to write instead where the kubeconfig may not ask it. */
interface Reserved {
  readonly needs: keyof KubeconfigRights;
  readonly why: string;
  readonly instead: string;
}

const FILE = 'which is a file on the machine that reads it';
const OTHER_USER = 'which acts as another user';
const ITSELF = 'give the credentials of an account that has the rights itself';
const TOKEN = 'put a token into the field token';

const RESERVED: Readonly<Record<string, Reserved>> = {
  'certificate-authority': { needs: 'files', why: FILE, instead: 'put the certificate itself, in base64, into certificate-authority-data' },
  'client-certificate': { needs: 'files', why: FILE, instead: 'put the certificate itself, in base64, into client-certificate-data' },
  'client-key': { needs: 'files', why: FILE, instead: 'put the key itself, in base64, into client-key-data' },
  'proxy-url': {
    needs: 'files',
    why: 'which is a machine that the reader is to ask for a way',
    instead: 'give an address that is reached directly, or put the kubeconfig into the folder of --kubeconfig-dir',
  },
  tokenFile: { needs: 'files', why: FILE, instead: 'put the token itself into the field token' },
  as: { needs: 'files', why: OTHER_USER, instead: ITSELF },
  exec: {
    needs: 'programs',
    why: 'which is a program to run',
    instead: `${TOKEN}, or start the hub with --allow-kubeconfig-exec`,
  },
  'auth-provider': {
    needs: 'programs',
    why: 'which reads files and runs programs',
    instead: `${TOKEN}, or start the hub with --allow-kubeconfig-exec`,
  },
  'insecure-skip-tls-verify': {
    needs: 'insecureTls',
    why: 'so that anybody on the way could take the credentials',
    instead:
      'put the authority of the API server, in base64, into certificate-authority-data, and the name in its certificate into ' +
      'tls-server-name where it differs, or start the hub with --allow-insecure-tls',
  },
};

/** No kubeconfig may have these: to ignore them would be to do something else than was asked. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  'as-uid': ITSELF,
  'as-groups': ITSELF,
  'as-user-extra': ITSELF,
};

/** They mean nothing to a connection. */
const IGNORED: ReadonlySet<string> = new Set(['extensions', 'disable-compression']);

/** The fields of a cluster. `what`: `cluster east`, for messages. */
export function readCluster(fields: object, what: string, rights: KubeconfigRights): Result<ClusterFields> {
  return read(fields, { what, rights, schema: clusterSchema });
}

export function readUser(fields: object, what: string, rights: KubeconfigRights): Result<UserFields> {
  return read(fields, { what, rights, schema: userSchema });
}

function read<S extends z.ZodObject>(
  fields: object,
  by: { readonly what: string; readonly rights: KubeconfigRights; readonly schema: S },
): Result<z.infer<S>> {
  const present = Object.entries(fields).filter(([, value]) => value !== null && value !== '' && value !== false);
  const refusal = present.map(([name]) => refusalOf(name, by)).find((each) => each !== undefined);
  if (refusal !== undefined) return { ok: false, error: refusal };
  const parsed = by.schema.safeParse(Object.fromEntries(present));
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  return { ok: false, error: `${issue?.path.join('.') ?? 'something'} of ${by.what} ${issue?.message ?? 'is malformed'}` };
}

function refusalOf(
  name: string,
  { what, rights, schema }: { readonly what: string; readonly rights: KubeconfigRights; readonly schema: z.ZodObject },
): string | undefined {
  const instead = Object.hasOwn(UNSUPPORTED, name) ? UNSUPPORTED[name] : undefined;
  if (instead !== undefined) return `${what} has ${name}, which is not supported: ${instead}`;
  const reserved = Object.hasOwn(RESERVED, name) ? RESERVED[name] : undefined;
  if (reserved !== undefined && !rights[reserved.needs]) {
    return `${what} has ${name}, ${reserved.why}; a kubeconfig in a Secret may not: ${reserved.instead}`;
  }
  // kubectl passes by what it does not know. Where somebody else wrote it, what nobody has thought of is refused.
  if (rights.files || Object.hasOwn(schema.shape, name) || IGNORED.has(name)) return undefined;
  return `${what} has ${printable(name, 100)}, which is no field that a kubeconfig in a Secret may have: remove it`;
}
