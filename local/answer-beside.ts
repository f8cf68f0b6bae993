import { join } from "node:path";
import { type Adapter, type Execution, holding, type Rehearsal } from "pulumi-rehearsal";
import { jobs } from "../components/names.ts";
import { answerUseCases } from "./answer-use-cases.ts";
import { roomMade } from "./clean-room.ts";
import { databases } from "./output-folder.ts";
import { heldScreen } from "./terminal.ts";

/** Answers the clean room's questions as soon as it is filled, while the coffee shops' jobs run: the two are independent. */
export class AnswersBeside {
  readonly adapter: Adapter = {
    types: {},
    besides: (rehearsal) => {
      this.#done = this.#answer(rehearsal);
      // `finished` and `print` throw the error.
      this.#done.catch(() => {});
    },
  };
  readonly #verbose: boolean;
  readonly #screen = heldScreen();
  readonly #stop = new AbortController();
  readonly #filled = Promise.withResolvers<void>();
  #done: Promise<void> | undefined;

  /** @param verbose whether to print all answers */
  constructor(verbose: boolean) {
    this.#verbose = verbose;
  }

  /** Call it with each execution of a job: the answers wait for the one that fills the clean room. */
  notice({ job, over }: Execution): void {
    if (job.inputs.name === jobs.fill) void over.then(this.#filled.resolve);
  }

  /** Waits until all questions are answered, and prints nothing. Call it after the deployment. Throws as `answerUseCases` does. */
  async finished(): Promise<void> {
    // A program without the job that fills the clean room has nothing to wait for.
    this.#filled.resolve();
    await this.#done;
  }

  /** Prints the answers, and waits for those that are still missing. Throws as `answerUseCases` does. */
  async print(): Promise<void> {
    this.#screen.release();
    await this.finished();
  }

  /** Stops before the next question. */
  stop(): void {
    this.#stop.abort();
  }

  async #answer(rehearsal: Rehearsal): Promise<void> {
    const { out } = rehearsal;
    const [made] = await Promise.all([roomMade(rehearsal).promise, this.#filled.promise]);
    if (!made) return;
    await holding(rehearsal, [{ name: databases.cleanRoom, shared: true }], () =>
      answerUseCases({
        rehearsal: out,
        folder: join(out, "answers"),
        screen: this.#screen,
        verbose: this.#verbose,
        signal: this.#stop.signal,
      }),
    );
  }
}
