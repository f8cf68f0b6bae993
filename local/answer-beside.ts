import { constants } from "node:fs";
import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Adapter, type Execution, holding, type Rehearsal } from "pulumi-rehearsal";
import { jobs } from "../components/names.ts";
import { answerUseCases } from "./answer-use-cases.ts";
import { roomMade } from "./clean-room.ts";
import { WAREHOUSE_LOCK } from "./declared-tables.ts";
import { warehouseFile } from "./output-folder.ts";
import { BUDGET_FILE, LOG_FILE, ROOM_FILE } from "./rehearsed-room.ts";
import { heldScreen } from "./terminal.ts";

/** The folder with the copy of the clean room that answers while jobs write to the warehouse. */
const COPY = "answering";

/**
 * Answers the clean room's questions while the coffee shops' night runs, since the two are independent. DuckDB lets only one process at a time
 * open its file, so the answers come from a copy of the warehouse, made as soon as the clean room is filled.
 */
export class AnswersBeside {
  readonly adapter: Adapter = {
    types: {},
    besides: (rehearsal) => {
      this.#done = this.#answer(rehearsal);
      // `finish` throws the error.
      this.#done.catch(() => {});
    },
  };
  readonly #verbose: boolean;
  readonly #screen = heldScreen();
  readonly #stop = new AbortController();
  readonly #filled = Promise.withResolvers<void>();
  readonly #copied = Promise.withResolvers<void>();
  #done: Promise<void> | undefined;

  /** @param verbose whether to print all answers */
  constructor(verbose: boolean) {
    this.#verbose = verbose;
  }

  /** Call it with each execution of a job: the answers wait for the one that fills the clean room. */
  notice({ job, over }: Execution): void {
    if (job.inputs.name === jobs.fill) void over.then(this.#filled.resolve);
  }

  /** Waits until nothing more is read from the warehouse. Call it before the night, whose functions write to it without the lock. */
  async copied(): Promise<void> {
    // A program without that job fills nothing: do not wait for it.
    this.#filled.resolve();
    // If there is no copy, `finish` throws the error.
    await Promise.race([this.#copied.promise, this.#done?.catch(() => {})]);
  }

  /** Prints the answers, and waits for those that are still missing. Throws as `answerUseCases` does. */
  async finish(): Promise<void> {
    this.#screen.release();
    await this.copied();
    await this.#done;
  }

  /** Waits until all questions are answered, and prints nothing. Throws as `answerUseCases` does. */
  async answered(): Promise<void> {
    await this.#done;
  }

  /** Stops before the next question. */
  stop(): void {
    this.#stop.abort();
  }

  async #answer(rehearsal: Rehearsal): Promise<void> {
    const { out } = rehearsal;
    const [made] = await Promise.all([roomMade(rehearsal).promise, this.#filled.promise]);
    if (!made) return;
    const copy = join(out, COPY);
    await holding(rehearsal, [{ name: WAREHOUSE_LOCK }], async () => {
      await mkdir(copy, { recursive: true });
      await copyFile(warehouseFile({ out }), warehouseFile({ out: copy }), constants.COPYFILE_FICLONE);
    });
    this.#copied.resolve();
    for (const name of [ROOM_FILE, BUDGET_FILE]) await copyFile(join(out, name), join(copy, name));
    await answerUseCases({
      rehearsal: copy,
      folder: join(out, "answers"),
      screen: this.#screen,
      verbose: this.#verbose,
      signal: this.#stop.signal,
    });
    for (const name of [BUDGET_FILE, LOG_FILE]) await rename(join(copy, name), join(out, name));
    await rm(copy, { recursive: true });
  }
}
