/** A table function, as its query template describes it. */
export interface TableFunction {
  /** The function's name: what callers write after the dataset. */
  readonly routine: string;
  /** The parameters, in the order of the arguments. */
  readonly parameters: readonly TemplateParameter[];
  /** The query, in GoogleSQL, with full table names. It reads the parameters by name. */
  readonly query: string;
}

/** A parameter of a table function. */
export interface TemplateParameter {
  readonly name: string;
  /** A type of GoogleSQL, such as `INT64`, `TABLE<hashed_email STRING>` or `ANY TABLE`. */
  readonly type: string;
}

/** A function and the place where it is created. */
export interface FunctionToMake extends TableFunction {
  /** The project's id. */
  readonly project: string;
  /** The dataset's id. */
  readonly dataset: string;
  /** The description that the console shows. */
  readonly description: string;
}

/**
 * The text of a query template, for `routine.definitionBody` of Google's QueryTemplate.
 * @example
 * templateText({ routine: "reach", parameters: [{ name: "t", type: "TABLE<id INT64>" }], query: "SELECT COUNT(*) AS n FROM t" })
 * // reach(t TABLE<id INT64>) AS (
 * // SELECT COUNT(*) AS n FROM t
 * // )
 */
export function templateText({ routine, parameters, query }: TableFunction): string {
  return `${routine}(${signature(parameters)}) AS (\n${query}\n)`;
}

/** The statement that creates the table function, or replaces one of that name. */
export function createTableFunction(made: FunctionToMake): string {
  const { project, dataset, routine, parameters, query, description } = made;
  const path = `\`${project}.${dataset}.${routine}\``;
  // GoogleSQL knows all of JSON's escapes.
  const options = `OPTIONS (description = ${JSON.stringify(description)})`;
  return `CREATE OR REPLACE TABLE FUNCTION ${path}(${signature(parameters)})\n${options}\nAS (\n${query}\n)`;
}

function signature(parameters: readonly TemplateParameter[]): string {
  return parameters.map(({ name, type }) => `${name} ${type}`).join(", ");
}
