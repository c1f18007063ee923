import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Keys for sealing, by id. `current` seals new values; the others only open older ones. */
export interface Keyring {
  current: string;
  keys: Record<string, Buffer>;
}

/** A sealed value could not be opened: unknown key, another context, or tampering. Never says which bytes. */
export class SealError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SealError';
  }
}

/**
 * Reads `id:base64key[,id:base64key…]`; the first key is the current one.
 * @throws SealError when a key is not 32 bytes, or an id comes twice.
 */
export function parseKeyring(text: string): Keyring {
  const keys: Record<string, Buffer> = {};
  let current: string | undefined;
  for (const part of text.split(',')) {
    const [id, encoded] = part.trim().split(':');
    const key = Buffer.from(encoded ?? '', 'base64');
    if (!id || !/^[\w-]+$/.test(id) || key.length !== 32) {
      throw new SealError('A sealing key must look like "id:<32 bytes in base64>"');
    }
    if (keys[id]) throw new SealError(`There are two sealing keys with the id "${id}"`);
    keys[id] = key;
    current ??= id;
  }
  if (current === undefined) throw new SealError('At least one sealing key is needed');
  return { current, keys };
}

/**
 * Seals `plaintext` with AES-256-GCM. `context` (for example organization and channel) is authenticated with it, so
 * that a value moved to another row does not open.
 */
export function seal(keyring: Keyring, plaintext: string, context: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', keyOf(keyring, keyring.current), iv);
  cipher.setAAD(Buffer.from(context));
  const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  const encode = (bytes: Buffer) => bytes.toString('base64url');
  return ['v1', keyring.current, encode(iv), encode(cipher.getAuthTag()), encode(ciphertext)].join('.');
}

/** @throws SealError when the value was not sealed by one of these keys for this context. */
export function unseal(keyring: Keyring, sealed: string, context: string): string {
  const [version, keyId, iv, tag, ciphertext] = sealed.split('.');
  if (version !== 'v1' || !keyId || !iv || !tag || ciphertext === undefined) {
    throw new SealError('Not a sealed value');
  }
  const decipher = createDecipheriv('aes-256-gcm', keyOf(keyring, keyId), Buffer.from(iv, 'base64url'));
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(Buffer.from(tag, 'base64url'));
  try {
    return decipher.update(ciphertext, 'base64url', 'utf8') + decipher.final('utf8');
  } catch {
    throw new SealError('The sealed value does not open: wrong key, wrong context, or altered');
  }
}

function keyOf(keyring: Keyring, id: string): Buffer {
  const key = keyring.keys[id];
  if (!key) throw new SealError(`The sealing key "${id}" is not configured`);
  return key;
}
