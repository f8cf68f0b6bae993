import type { FileWriter, Lake } from "../lake/lake.ts";
import type { ManifestFile } from "../lake/manifest.ts";
import { csvHeader } from "../tables/derive.ts";
import type { Row, Table } from "../tables/table.ts";
import { Bytes, encode } from "./bytes.ts";
import { csvLine } from "./csv.ts";

/** Bytes after which a chunk is handed to the lake. */
const CHUNK = 1 << 20;

/**
 * A CSV file being written: one chunk is filled while the lake takes the one before, and the two are used in turn.
 * Whoever writes into `bytes` counts the rows.
 */
export class CsvFile {
  bytes = new Bytes(CHUNK + CHUNK / 4);
  rows = 0;
  private spare = new Bytes(CHUNK + CHUNK / 4);
  private taken: Promise<void> = Promise.resolve();
  private readonly writer: FileWriter;
  private readonly path: string;
  private readonly table: Table;

  private constructor(writer: FileWriter, path: string, table: Table) {
    this.writer = writer;
    this.path = path;
    this.table = table;
  }

  /** Begins a file of a table with its header. */
  static async create(lake: Lake, path: string, table: Table): Promise<CsvFile> {
    const file = new CsvFile(await lake.create(path), path, table);
    file.bytes.text(encode(`${csvHeader(table)}\n`));
    return file;
  }

  /** Writes a table's rows into a file of their own. */
  static async write<T extends Table>(
    lake: Lake,
    path: string,
    table: T,
    rows: Iterable<Row<T>>,
  ): Promise<ManifestFile> {
    const file = await CsvFile.create(lake, path, table);
    try {
      for (const row of rows) {
        const line = encode(csvLine(table, row));
        file.bytes.reserve(line.length);
        file.bytes.text(line);
        file.rows++;
        if (file.isFull) await file.flush();
      }
      return await file.close();
    } catch (error) {
      await file.abort();
      throw error;
    }
  }

  get isFull(): boolean {
    return this.bytes.length >= CHUNK;
  }

  /** Hands what was written to the lake, once it has taken the chunk before. */
  async flush(): Promise<void> {
    await this.taken;
    const full = this.bytes;
    this.taken = this.writer.write(full.written());
    // A failure is thrown by whoever awaits next; without this it would end the process before.
    this.taken.catch(() => {});
    this.bytes = this.spare;
    this.bytes.clear();
    this.spare = full;
  }

  /** Ends the file, which becomes visible whole. */
  async close(): Promise<ManifestFile> {
    await this.flush();
    await this.taken;
    const { bytes, md5 } = await this.writer.close();
    return { table: this.table.table, path: this.path, rows: this.rows, bytes, md5 };
  }

  /** Gives the file up; what was there under its path stays. */
  async abort(): Promise<void> {
    await this.taken.catch(() => {});
    await this.writer.abort();
  }
}
