import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';

// PDFs such as authors and attackers make. They are built here, not kept as files, so that a test shows what its PDF contains.

export interface PdfOptions {
  pages?: number;
  /** The page count that the file claims. */
  count?: number;
  /** The size entry of each page. */
  size?: string;
  /** The length of each page's content. */
  fillerBytes?: number;
  encrypted?: 'password' | 'restrictions';
  /** More entries for the catalog. */
  catalog?: string;
}

/** A PDF of empty pages, with its cross-reference table at the end. */
export function pdf(options: PdfOptions = {}): Buffer {
  const {
    pages = 1,
    count = pages,
    size = '/MediaBox [0 0 300 200]',
    fillerBytes = 0,
    encrypted,
    catalog = '',
  } = options;
  const numbers = Array.from({ length: pages }, (_, index) => 4 + 2 * index);
  const objects: (string | Buffer)[] = [
    `<< /Type /Catalog /Pages 2 0 R ${catalog} >>`,
    `<< /Type /Pages /Count ${count} /Kids [${numbers.map((number) => `${number} 0 R`).join(' ')}] >>`,
    encrypted ? encryption(encrypted) : 'null',
    ...numbers.flatMap((number) => [
      `<< /Type /Page /Parent 2 0 R ${size} /Contents ${number + 1} 0 R >>`,
      stream('', Buffer.alloc(fillerBytes, ' ')),
    ]),
  ];
  return written(objects, encrypted ? `/Encrypt 3 0 R /ID [<${FILE_ID}> <${FILE_ID}>]` : '');
}

/** A thousand pages below `depth` nested nodes of the page tree: every look-up of a page walks through all of them. */
export function deepPdf(depth: number): Buffer {
  const pages = 1_000;
  const nodes = Array.from(
    { length: depth },
    (_, index) => `<< /Type /Pages /Count ${pages} /Kids [${index + 3} 0 R] >>`,
  );
  const numbers = Array.from({ length: pages }, (_, index) => `${depth + 3 + index} 0 R`);
  return written(
    [
      '<< /Type /Catalog /Pages 2 0 R >>',
      ...nodes,
      `<< /Type /Pages /Count ${pages} /Kids [${numbers.join(' ')}] >>`,
      ...numbers.map(() => '<< /Type /Page /MediaBox [0 0 300 200] >>'),
    ],
    '',
  );
}

/** A PDF of some kilobytes whose compressed cross-reference table has this many entries. */
export function pdfBomb(entries: number): Buffer {
  const head = '%PDF-1.7\n';
  const table = stream(
    `/Type /XRef /Size ${entries} /W [1 1 1] /Root 2 0 R /Filter /FlateDecode`,
    deflateSync(Buffer.alloc(entries * 3), { level: 9 }),
  );
  return Buffer.concat([
    Buffer.from(`${head}1 0 obj\n`),
    table,
    Buffer.from(`\nendobj\nstartxref\n${head.length}\n%%EOF\n`),
  ]);
}

function written(objects: (string | Buffer)[], trailer: string): Buffer {
  const parts = [Buffer.from('%PDF-1.7\n')];
  const lines = ['0000000000 65535 f \n'];
  let at = parts[0]?.length ?? 0;
  for (const [index, object] of objects.entries()) {
    lines.push(`${String(at).padStart(10, '0')} 00000 n \n`);
    const part = Buffer.concat([
      Buffer.from(`${index + 1} 0 obj\n`),
      Buffer.from(object),
      Buffer.from('\nendobj\n'),
    ]);
    parts.push(part);
    at += part.length;
  }
  const table = `xref\n0 ${lines.length}\n${lines.join('')}`;
  const end = `trailer\n<< /Size ${lines.length} /Root 1 0 R ${trailer} >>\nstartxref\n${at}\n%%EOF\n`;
  return Buffer.concat([...parts, Buffer.from(table + end)]);
}

function stream(entries: string, data: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`<< ${entries} /Length ${data.length} >>\nstream\n`),
    data,
    Buffer.from('\nendstream'),
  ]);
}

const FILE_ID = '00112233445566778899aabbccddeeff';
const OWNER = 'ab'.repeat(32);
/** The permission bits that forbid printing. */
const RESTRICTIONS = -5;
/** The padding that replaces an empty password (ISO 32000-1, 7.6.3.3). */
const NO_PASSWORD = Buffer.from('28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a', 'hex');

/** 40-bit RC4, the oldest encryption. `restrictions` opens with the empty password; `password` does not. */
function encryption(kind: 'password' | 'restrictions'): string {
  const permissions = Buffer.alloc(4);
  permissions.writeInt32LE(RESTRICTIONS);
  const key = createHash('md5')
    .update(NO_PASSWORD)
    .update(Buffer.from(OWNER, 'hex'))
    .update(permissions)
    .update(Buffer.from(FILE_ID, 'hex'))
    .digest()
    .subarray(0, 5);
  const proof = kind === 'password' ? 'cd'.repeat(32) : rc4(key, NO_PASSWORD).toString('hex');
  return `<< /Filter /Standard /V 1 /R 2 /P ${RESTRICTIONS} /O <${OWNER}> /U <${proof}> >>`;
}

/** Written here because OpenSSL 3 no longer offers RC4 by default. */
function rc4(key: Buffer, data: Buffer): Buffer {
  const state = Uint8Array.from({ length: 256 }, (_, index) => index);
  const at = (index: number) => state[index & 255] ?? 0;
  const swap = (one: number, other: number) => {
    [state[one & 255], state[other & 255]] = [at(other), at(one)];
  };
  let mixed = 0;
  for (let index = 0; index < 256; index += 1) {
    mixed = (mixed + at(index) + (key[index % key.length] ?? 0)) & 255;
    swap(index, mixed);
  }
  mixed = 0;
  return Buffer.from(
    data.map((byte, index) => {
      mixed = (mixed + at(index + 1)) & 255;
      swap(index + 1, mixed);
      return byte ^ at(at(index + 1) + at(mixed));
    }),
  );
}
