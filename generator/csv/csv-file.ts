import type { FileWriter, Lake } from "../lake/lake.ts";
import type { ManifestFile } from "../lake/manifest.ts";
import { csvHeader, csvLine } from "../tables/derive.ts";
import type { Row, Table } from "../tables/table.ts";
import { Bytes } from "./bytes.ts";

/** Bytes after which a chunk is handed to the lake. */
const CHUNK = 1 << 20;

/**
 * Writes a CSV file with two buffers in turn: one is filled while the lake takes the other. A caller that writes into `bytes`
 * counts the rows itself.
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

  /** Starts a table's file with its header. */
  static async create(lake: Lake, path: string, table: Table): Promise<CsvFile> {
    const file = new CsvFile(await lake.create(path), path, table);
    file.bytes.string(`${csvHeader(table)}\n`);
    return file;
  }

  /** Writes a whole file from a table's rows. */
  static async write<T extends Table>(
    lake: Lake,
    path: string,
    table: T,
    rows: Iterable<Row<T>>,
  ): Promise<ManifestFile> {
    const file = await CsvFile.create(lake, path, table);
    try {
      for (const row of rows) {
        file.bytes.string(csvLine(table, row));
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

  /** Hands the full buffer to the lake, once the lake has taken the one before. */
  async flush(): Promise<void> {
    await this.taken;
    const full = this.bytes;
    this.taken = this.writer.write(full.written());
    // The next await throws a failure; without this line, it would end the process first.
    this.taken.catch(() => {});
    this.bytes = this.spare;
    this.bytes.clear();
    this.spare = full;
  }

  /** Finishes the file and makes it visible. */
  async close(): Promise<ManifestFile> {
    await this.flush();
    await this.taken;
    const { bytes, md5 } = await this.writer.close();
    return { table: this.table.table, path: this.path, rows: this.rows, bytes, md5 };
  }

  /** Discards the file. An older file under its path stays. */
  async abort(): Promise<void> {
    await this.taken.catch(() => {});
    await this.writer.abort();
  }
}
