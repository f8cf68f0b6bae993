import { availableParallelism } from "node:os";

/**
 * The number of threads for a DuckDB: all cores but one, and at least one. The last core is left to Node, dbt and the jobs beside it: on two
 * cores, a second thread takes nearly half as much computing time again and saves little time.
 */
export const duckdbThreads = Math.max(1, availableParallelism() - 1);

/** The memory that a DuckDB may use before it writes to disk. Its own default is most of the machine's, and 19 million rows load with this. */
export const duckdbMemory = `${250 * duckdbThreads}MB`;
