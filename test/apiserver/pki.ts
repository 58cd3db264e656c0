/**
 * The keys and certificates of a control plane, made with openssl in well under a second.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const exec = promisify(execFile);

export interface Pki {
  readonly ca: string;
  readonly apiServer: { readonly cert: string; readonly key: string };
  readonly kubeletClient: { readonly cert: string; readonly key: string };
  readonly serviceAccountKey: string;
}

/** Writes the files into `dir` and returns their paths. `sans` are openssl's: `DNS:kubernetes`, `IP:10.0.0.1`. */
export async function createPki(dir: string, sans: readonly string[]): Promise<Pki> {
  await exec('bash', ['-euc', SCRIPT, 'pki', dir, sans.join(',')]);
  const path = (name: string): string => `${dir}/${name}`;
  return {
    ca: path('ca.crt'),
    apiServer: { cert: path('apiserver.crt'), key: path('apiserver.key') },
    kubeletClient: { cert: path('kubelet-client.crt'), key: path('kubelet-client.key') },
    serviceAccountKey: path('sa.key'),
  };
}

const SCRIPT = `
mkdir -p "$1"; cd "$1"
key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
openssl req -x509 $key -keyout ca.key -out ca.crt -days 30 -subj /CN=lab-ca
sign() {
  openssl req $key -keyout "$1.key" -out "$1.csr" -subj "$2"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out "$1.crt" -extfile <(echo "$3")
}
sign apiserver /CN=kube-apiserver "subjectAltName=$2"
sign kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client extendedKeyUsage=clientAuth
openssl genrsa -out sa.key 2048
`;
