import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  isJSONRPCRequest,
} from "@modelcontextprotocol/sdk/types.js";
import * as z from "zod";
import { otherParty, type Party, parties } from "../../cleanroom/party.ts";
import type { Answered, Refused, Session } from "./session.ts";

/*
 * The clean room for an agent, as a server of the Model Context Protocol. An agent works for one party: it can name what that party can name,
 * under the same rules, limits and budgets, and nothing else. No tool takes a path, an address or the name of a party.
 */

/** The rows that an answer shows, if the agent does not ask for another number, and the most that it can ask for. */
const ROWS = { usual: 200, most: 1000 };
/** The most characters of an answer's rows, so that one answer does not fill an agent's context. */
const MOST_CHARACTERS = 100_000;

const sql = z.string().min(1).max(100_000).describe("one GoogleSQL query (BigQuery's SQL), without a semicolon");
const maxRows = z.number().int().min(1).max(ROWS.most).default(ROWS.usual).describe("the rows to show");

/**
 * Makes a server of the Model Context Protocol for one connection. Closing it leaves the session open.
 * @param party the party that the agent works for; a client cannot change it
 * @example
 * await connect(mcpServer(session, "merchant"), new StdioServerTransport());
 */
export function mcpServer(session: Session, party: Party): McpServer {
  const server = new McpServer(
    { name: "clean-room", version: "1.0.0" },
    { instructions: instructions(party), maxToolInputElements: 100 },
  );
  const { title } = parties[party];

  const reads = { readOnlyHint: true, openWorldHint: false };
  /** A query leaves a trace in the owner's log, and may spend a budget. */
  const asks = { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false };

  server.registerTool(
    "list_tables",
    { description: `The tables and views that ${title} can query, and the rule of each view.`, annotations: reads },
    () =>
      safely(async () => ({
        tables: session.tables(party).map(({ name, whose, owner, rule, columnsOnly }) => ({
          name,
          whose: {
            own: "your own",
            offered: "yours, shared with the other party",
            linked: `shared by ${parties[owner].title}`,
          }[whose],
          ...(columnsOnly && { note: "only query templates may read its rows" }),
          rule: rule?.text ?? "none",
        })),
      })),
  );
  server.registerTool(
    "describe",
    {
      description: "A table, view or query template: columns with types, its rule, how it may be joined or called.",
      inputSchema: z.strictObject({ name: z.string().min(1).max(300).describe('such as "merchant.users"') }),
      annotations: reads,
    },
    ({ name }) => safely(async () => session.describe(party, name)),
  );
  server.registerTool(
    "list_templates",
    {
      description: `The query templates that ${title} can call, the questions that they answer, and an example of each.`,
      annotations: reads,
    },
    () =>
      safely(async () => ({
        templates: session
          .templates(party)
          .filter(({ owner }) => owner !== party)
          .map(({ name, question, parameters, guards, example }) => ({ name, question, parameters, guards, example })),
      })),
  );
  server.registerTool(
    "explain_query",
    {
      description:
        "The rules that apply to a query and the privacy budget that it would spend. Runs nothing and spends nothing.",
      inputSchema: z.strictObject({ sql }),
      annotations: reads,
    },
    ({ sql }, { signal }) => safely(() => session.explain(party, sql, { signal })),
  );
  server.registerTool(
    "ask",
    {
      description: `Runs a GoogleSQL query as ${title}. A rule may refuse it: the refusal names the rule and says what to write instead.`,
      inputSchema: z.strictObject({ sql, max_rows: maxRows }),
      annotations: asks,
    },
    ({ sql, max_rows }, { signal }) => safely(async () => shown(await session.ask(party, sql, { signal }), max_rows)),
  );
  server.registerTool(
    "call_template",
    {
      description: "Calls a query template with tables of your own. list_templates has the names and parameters.",
      inputSchema: z.strictObject({
        template: z.string().min(1).max(300).describe('such as "linked_ewallet_provider.overlap_by_segment"'),
        arguments: z
          .array(z.string().min(1).max(50_000))
          .max(20)
          .describe("one for each parameter: a table's name or a query for a TABLE parameter, a constant for another"),
        max_rows: maxRows,
      }),
      annotations: asks,
    },
    ({ template, arguments: given, max_rows }, { signal }) =>
      safely(async () => {
        const called = callOf(session, party, template, given);
        if (typeof called !== "string") return called;
        return shown(await session.ask(party, called, { signal }), max_rows);
      }),
  );
  server.registerTool(
    "privacy_budget",
    { description: `What is left of the privacy budgets of the views that ${title} can read.`, annotations: reads },
    () => safely(async () => ({ budgets: await session.budget(party) })),
  );
  return server;
}

/**
 * Connects a server to a client. The package answers a call without a tool's name, or with arguments that are not an object, as a fault of
 * the server, and reads a line that is not a message in silence; here the client gets an error about its call.
 */
export async function connect(server: McpServer, transport: Transport): Promise<void> {
  await server.connect(transport);
  const { onerror } = transport;
  transport.onerror = (error) => {
    onerror?.(error);
    if (!isUnreadable(error)) return;
    const message =
      'A line must be one message of JSON-RPC 2.0: send {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}';
    // Without an id, because it could not be read. The package's type for errors allows that, and the one for messages does not.
    void transport.send({ jsonrpc: "2.0", id: null, error: { code: ErrorCode.InvalidRequest, message } } as never);
  };
  const receive = transport.onmessage;
  transport.onmessage = (message, extra) => {
    if (!isJSONRPCRequest(message) || message.method !== "tools/call") return receive?.(message, extra);
    const fault = faultOf(CallToolRequestSchema.safeParse(message).data?.params.name);
    if (fault === undefined) return receive?.(message, extra);
    const error = { code: ErrorCode.InvalidParams, message: fault };
    void transport.send({ jsonrpc: "2.0", id: message.id, error });
  };
}

/** True for a line that is no JSON, or no message of the protocol. */
function isUnreadable(error: Error): boolean {
  return error instanceof SyntaxError || error instanceof z.core.$ZodError;
}

/** A sentence about a call that cannot be made; undefined for one that the package may look at. */
function faultOf(tool: string | undefined): string | undefined {
  if (tool === undefined)
    return 'A call needs the name of a tool and its arguments as an object: send "params": {"name": "ask", "arguments": {"sql": "SELECT 1"}}';
  // The package looks tools up in an object, finds what every object has, and says that this tool is disabled.
  return tool in Object.prototype ? `Tool ${tool} not found` : undefined;
}

function instructions(party: Party): string {
  const { title, dataset, linked } = parties[party];
  const other = parties[otherParty(party)].title;
  return `You query a data clean room as ${title}. Its own tables are in ${dataset}; the views and query templates of ${other} are in ${linked}.
The rules of those views decide what a query may ask. Before you ask, call list_tables, and describe for the views that you need.
- A view with an aggregation threshold: SELECT WITH AGGREGATION_THRESHOLD, with GROUP BY and aggregates. Small groups are suppressed.
- A view with differential privacy: SELECT WITH DIFFERENTIAL_PRIVACY OPTIONS (epsilon = 0.1). Each answer spends epsilon and delta
  of a budget that is not restored: ask for little, and check privacy_budget.
- A list overlap: join the view with a table of ${title} on the column that its rule names.
If a rule refuses a query, do what its advice says: ${other} sees that you asked, and which rule refused it.`;
}

/** The query that calls a template; a refusal if there is no such template, or if the arguments are too few or too many. */
function callOf(session: Session, party: Party, name: string, given: readonly string[]): string | Refused {
  const refused = (message: string, advice: string): Refused => ({
    kind: "refused",
    problem: { rule: "names", message, advice },
    denied: true,
    rules: [],
  });
  const found = session.describe(party, name);
  if (found.kind === "refused") return found;
  if (found.kind === "table") return refused(`${found.name} is not a query template`, "Use ask to query it.");
  const { parameters } = found;
  if (parameters.length !== given.length)
    return refused(
      `${found.name} takes ${parameters.length} ${parameters.length === 1 ? "argument" : "arguments"}, but the call has ${given.length}`,
      `Its parameters: ${parameters.map(({ name, type }) => `${name} ${type}`).join(", ")}`,
    );
  const written = given.map((argument, index) => {
    if (!/^(ANY )?TABLE\b/.test(parameters[index]?.type ?? "")) return argument;
    const [, table] = /^\s*(?:TABLE\s+)?([\w.`]+)\s*$/i.exec(argument) ?? [];
    return table === undefined ? `(\n${argument}\n)` : `TABLE ${table}`;
  });
  return `SELECT * FROM ${found.name}(${written.join(", ")})`;
}

/** An answer as an agent sees it. */
function shown(outcome: Answered | Refused, most: number): object {
  if (outcome.kind === "refused") return outcome;
  const { columns, rows, notes } = outcome;
  let characters = 0;
  const first = rows.slice(0, most).filter((row) => {
    characters += JSON.stringify(row).length;
    return characters <= MOST_CHARACTERS;
  });
  const cut =
    first.length < rows.length
      ? [`These are ${first.length} of ${rows.length} rows: aggregate, or ask for fewer columns.`]
      : [];
  return { columns, rows: first, row_count: rows.length, notes: [...notes, ...cut] };
}

/** The result of a tool. A refusal is an error that the agent can read. Any other error is a fault of the server, and the agent gets no details of it. */
async function safely(work: () => Promise<object>): Promise<CallToolResult> {
  try {
    const found = await work();
    if (!("kind" in found) || found.kind !== "refused") return resultOf(found);
    const { problem, rules } = found as Refused;
    return { ...resultOf({ refused: problem, rules }), isError: true };
  } catch (error) {
    console.error(error);
    const refused = {
      rule: "unavailable",
      message: "The clean room cannot be read at the moment.",
      advice: "Try again in a minute.",
    };
    return { ...resultOf({ refused }), isError: true };
  }
}

function resultOf(found: object): CallToolResult {
  return {
    content: [{ type: "text", text: JSON.stringify(found) }],
    structuredContent: found as Record<string, unknown>,
  };
}
