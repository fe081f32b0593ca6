/**
 * Packs: another place for the bytes of segments. A year of daily commits is thousands of small files; a pack holds those of one table
 * one after the other, as they are, so that the hashes in the commits prove them as before and the chain knows nothing of packs.
 *
 * `packs/<first serial>-<last serial>-<table>.pack`: a line of canonical JSON that names the segments with their sizes, then their bytes
 * in this order.
 */
import { access, mkdir, open, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Engine } from '../engine/engine.js';
import { canonicalJson } from '../values/digest.js';
import type { ObjectStore } from '../world/types.js';
import { damaged } from './commit.js';
import type { HeadSegment } from './head.js';

export const PACKS = 'packs/';

/** Where a segment lies within a pack. */
export interface Packed {
  /** Key of the pack. */
  readonly pack: string;
  readonly offset: number;
  readonly bytes: number;
}

/** Segments in packs by their key, and the size that each pack has to have. */
export interface Packs {
  readonly segments: ReadonlyMap<string, Packed>;
  /** All that lies in packs. Two runs may have packed the same segment: `segments` has the first, which is read. */
  readonly held: readonly { readonly path: string; readonly packed: Packed }[];
  readonly sizes: ReadonlyMap<string, number>;
}

/** Key of the pack of some segments of one table, in order. */
export function packKey(segments: readonly HeadSegment[]): string {
  const pad = (serial: number): string => String(serial).padStart(8, '0');
  return `${PACKS}${pad(segments[0]!.serial)}-${pad(segments.at(-1)!.serial)}-${segments[0]!.table}.pack`;
}

/** The first line of a pack. */
export function packHeader(segments: readonly Pick<HeadSegment, 'path' | 'bytes'>[]): Buffer {
  return Buffer.from(`${canonicalJson({ format: 1, segments: segments.map(({ path, bytes }) => ({ path, bytes })) })}\n`);
}

/** Reads what the packs hold, not the segments themselves; `fresh`: as they are in the store itself. Throws LEDGER_DAMAGED. */
export async function readPacks(store: ObjectStore, fresh = false): Promise<Packs> {
  const segments = new Map<string, Packed>();
  const held: { path: string; packed: Packed }[] = [];
  const sizes = new Map<string, number>();
  for (const pack of await store.list(PACKS)) {
    if (!/^packs\/\d{8,}-\d{8,}-[a-z_]+\.pack$/.test(pack)) continue;
    const { header, length } = await readHeader(await store.localPath(pack, fresh), `${store.name}/${pack}`);
    let offset = length;
    for (const { path, bytes } of header) {
      const packed = { pack, offset, bytes };
      held.push({ path, packed });
      if (!segments.has(path)) segments.set(path, packed);
      offset += bytes;
    }
    sizes.set(pack, offset);
  }
  return { segments, held, sizes };
}

async function readHeader(path: string, name: string): Promise<{ header: { path: string; bytes: number }[]; length: number }> {
  const file = await open(path, 'r');
  try {
    const line = await firstLine(file);
    const header: unknown = line === null ? null : parsed(line);
    if (line === null || !isHeader(header) || packHeader(header.segments).toString() !== line) {
      return damaged(name, 'its first line does not name its segments');
    }
    return { header: header.segments, length: Buffer.byteLength(line) };
  } finally {
    await file.close();
  }
}

/** The first line with its line feed; null where there is none within sixteen megabytes. */
async function firstLine(file: FileHandle): Promise<string | null> {
  const parts: Buffer[] = [];
  for (let at = 0; at < 1 << 24;) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(1 << 16), 0, 1 << 16, at);
    if (bytesRead === 0) return null;
    const end = buffer.subarray(0, bytesRead).indexOf(0x0a);
    if (end >= 0) return Buffer.concat([...parts, buffer.subarray(0, end + 1)]).toString('utf8');
    parts.push(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  return null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isHeader(value: unknown): value is { segments: { path: string; bytes: number }[] } {
  const segments = (value as { segments?: unknown } | null)?.segments;
  return Array.isArray(segments) && (segments as { path?: unknown; bytes?: unknown }[]).every((each) => (
    typeof each?.path === 'string' && Number.isSafeInteger(each.bytes) && (each.bytes as number) > 0));
}

/** The bytes of a segment in a pack; shorter where the pack ends early. */
export async function readPacked(store: ObjectStore, { pack, offset, bytes }: Packed): Promise<Buffer> {
  const file = await open(await store.localPath(pack), 'r');
  try {
    const buffer = Buffer.alloc(bytes);
    let read = 0;
    while (read < bytes) {
      const { bytesRead } = await file.read(buffer, read, bytes - read, offset + read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    return buffer.subarray(0, read);
  } finally {
    await file.close();
  }
}

/** Files that the engine can read segments from: those in packs are taken out into its scratch folder, once. */
export async function segmentFiles(
  engine: Engine, store: ObjectStore, segments: readonly HeadSegment[], packs: Packs | null,
): Promise<string[]> {
  return Promise.all(segments.map(({ path }) => {
    const packed = packs?.segments.get(path);
    return packed === undefined ? store.localPath(path) : takenOut(engine, store, path, packed);
  }));
}

async function takenOut(engine: Engine, store: ObjectStore, path: string, packed: Packed): Promise<string> {
  const file = join(engine.scratch, 'packed', path);
  if (await access(file).then(() => true, () => false)) return file;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, await readPacked(store, packed));
  return file;
}
