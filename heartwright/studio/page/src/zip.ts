// A folder of notes as one archive, plainly stored: for what is dropped as a folder, so that it goes as one file.

const MARK = { file: 0x04034b50, entry: 0x02014b50, end: 0x06054b50 };
const UTF8 = 1 << 11;

let table: Uint32Array | null = null;

function crc(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, i) => {
    let c = i;
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c >>> 0;
  });
  let c = 0xffffffff;
  for (const b of bytes) c = (table[(c ^ b) & 255] as number) ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/** Bytes of an archive of these files, none of them packed smaller. */
export function stored(files: { name: string; bytes: Uint8Array }[]): Blob {
  const parts: BlobPart[] = [];
  const index: BlobPart[] = [];
  let at = 0;
  let listed = 0;
  for (const { name, bytes } of files) {
    const path = new TextEncoder().encode(name);
    const sum = crc(bytes);
    const head = numbers([MARK.file, 4], [20, 2], [UTF8, 2], [0, 2], [0, 4], [sum, 4], [bytes.length, 4], [bytes.length, 4], [path.length, 2], [0, 2]);
    parts.push(head, path, bytes as BlobPart);
    const entry = numbers([MARK.entry, 4], [20, 2], [20, 2], [UTF8, 2], [0, 2], [0, 4], [sum, 4], [bytes.length, 4], [bytes.length, 4], [path.length, 2],
      [0, 2], [0, 2], [0, 2], [0, 2], [0, 4], [at, 4]);
    index.push(entry, path);
    at += head.length + path.length + bytes.length;
    listed += entry.length + path.length;
  }
  const end = numbers([MARK.end, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2], [listed, 4], [at, 4], [0, 2]);
  return new Blob([...parts, ...index, end] as BlobPart[], { type: "application/zip" });
}

/** Unsigned numbers of so many bytes each, little endian. */
function numbers(...fields: [value: number, size: 2 | 4][]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(fields.reduce((sum, [, size]) => sum + size, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const [value, size] of fields) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return out;
}
