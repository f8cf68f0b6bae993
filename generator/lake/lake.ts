/** Size and checksum of a complete file. */
export interface FileInfo {
  readonly bytes: number;
  /** MD5 in hexadecimal. Cloud Storage stores it as well, so an object can be checked without being read. */
  readonly md5: string;
}

/** Writes one file, which becomes visible when `close` returns, and never after `abort`. */
export interface FileWriter {
  /** The callee owns `chunk` until the promise settles, later if the target is slower than the source. */
  write(chunk: Uint8Array): Promise<void>;
  close(): Promise<FileInfo>;
  abort(): Promise<void>;
}

/** The store of files: a bucket and prefix, or a folder as its stand-in. Paths are relative, with `/`. */
export interface Lake {
  readonly url: string;
  create(path: string): Promise<FileWriter>;
  /** Writes a small file atomically. */
  writeText(path: string, text: string): Promise<FileInfo>;
  /** Writes a small file unless there is one already, and returns the text that it has then: of many writers at once, all get the same. */
  writeOnce(path: string, text: string): Promise<string>;
  /** The text of a small file, or undefined if there is none. */
  readText(path: string): Promise<string | undefined>;
  stat(path: string): Promise<FileInfo | undefined>;
  /** Paths under a prefix, sorted. */
  list(prefix: string): Promise<string[]>;
  /** The file's address for the warehouse of the same target: `gs://…` or an absolute path. */
  uri(path: string): string;
}
