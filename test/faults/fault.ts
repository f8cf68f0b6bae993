/** A fault that was injected, and why it was survived or not. */
export interface Tried {
  /** The fault in a few words, such as "killed before step 3". */
  readonly name: string;
  /** The reason why the fault is lost: data that changed, a message or an exit code that is wrong. Undefined if it was survived. */
  readonly lost?: string | undefined;
}

/** A kind of fault. */
export interface Kind {
  /** The last good data, and what must be true of it after each fault. */
  readonly holds: string;
  /** Whether even a few of these faults take long, so that a sample leaves them out. */
  readonly isSlow?: true;
  /**
   * Injects every fault of this kind, or a few of them that take little time.
   * @param tell is called after each
   */
  run(sample: boolean, tell: (tried: Tried) => void): Promise<void>;
}
