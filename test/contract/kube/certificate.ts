/**
 * A self-signed certificate for loopback, without openssl: the few DER structures of RFC 5280 that it takes.
 */
import { generateKeyPairSync, sign } from 'node:crypto';

interface Certificate {
  /** PEM; it is its own authority. */
  readonly cert: string;
  readonly key: string;
}

/** Valid for an hour, for `localhost` and 127.0.0.1. */
export function createCertificate(commonName = 'localhost'): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(set(sequence(OID.commonName, tlv(0x0c, Buffer.from(commonName)))));
  const algorithm = sequence(OID.ecdsaWithSha256);
  const now = Date.now();
  const names = sequence(tlv(0x82, Buffer.from('localhost')), tlv(0x87, Buffer.from([127, 0, 0, 1])));
  const unsigned = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.from([1])),
    algorithm,
    name,
    sequence(utcTime(now - 3_600_000), utcTime(now + 3_600_000)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(sequence(OID.subjectAltName, tlv(0x04, names)))),
  );
  const signature = sign('sha256', unsigned, privateKey);
  const der = sequence(unsigned, algorithm, tlv(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = der.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd();
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

const OID = {
  commonName: Buffer.from('0603550403', 'hex'),
  subjectAltName: Buffer.from('0603551d11', 'hex'),
  ecdsaWithSha256: Buffer.from('06082a8648ce3d040302', 'hex'),
} as const;

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function set(...parts: readonly Buffer[]): Buffer {
  return tlv(0x31, Buffer.concat(parts));
}

/** Tag, length in the short or the two-byte long form, value. */
function tlv(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const head = length < 128 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), value]);
}

/** YYMMDDhhmmssZ. */
function utcTime(at: number): Buffer {
  const text = `${new Date(at).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`;
  return tlv(0x17, Buffer.from(text));
}
