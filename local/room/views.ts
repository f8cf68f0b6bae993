import type { LoggedQuery } from "analysis-rules";
import { otherParty, PARTIES, type Party, parties } from "../../cleanroom/party.ts";
import { templates } from "../../cleanroom/templates.ts";
import { readUseCases } from "../../cleanroom/use-cases.ts";
import type * as Api from "./api.ts";
import { MOST_ROWS } from "./api.ts";
import type { Answered, Asked, Explained, Refused, Session } from "./session.ts";

/* Turns what the session returns into the JSON that the page reads. */

/** The newest questions that an owner is shown. */
const NEWEST = 8;

/** All that the page shows before anybody asks. */
export async function roomView(session: Session): Promise<Api.RoomView> {
  return {
    parties: PARTIES.map((name) => ({
      name,
      tables: session.tables(name).toSorted((one, other) => one.name.localeCompare(other.name)),
      templates: session.templates(name),
    })),
    examples: [
      ...readUseCases().map(({ title, party, sql }) => ({ party, title, kind: "question" as const, sql: sql.trim() })),
      ...templates.map(({ name, owner, example }) => {
        const party = otherParty(owner);
        return { party, title: name, kind: "template" as const, sql: example(parties[party].linked) };
      }),
    ],
    seen: await seenByAll(session),
  };
}

/** The questions that both owners have seen. */
export async function seenByAll(session: Session): Promise<Record<Party, Api.OwnerView>> {
  const views = await Promise.all(
    PARTIES.map(async (owner) => [owner, ownerView(await session.asked(owner))] as const),
  );
  return Object.fromEntries(views) as Record<Party, Api.OwnerView>;
}

function ownerView({ views, questions }: Asked): Api.OwnerView {
  return {
    views,
    newest: questions.slice(-NEWEST).reverse().map(seenQuestion),
  };
}

function seenQuestion(question: LoggedQuery): Api.SeenQuestion {
  const { job_start_time: at, job_principal_subject: by, outcome, rule, groups_suppressed } = question;
  return {
    at,
    by: by as Party,
    outcome,
    ...(rule !== undefined && { rule }),
    ...(groups_suppressed !== undefined && { groupsSuppressed: groups_suppressed }),
    named: question.resources.map(({ table_id }) => table_id),
    epsilon: question.resources.reduce((sum, { epsilon }) => sum + epsilon, 0),
  };
}

/** Each owner's log entry of a question that a party asked at `began`: the party's newest, unless that is older. */
export function entriesOf(
  seen: Readonly<Record<Party, Api.OwnerView>>,
  party: Party,
  began: string,
): Partial<Record<Party, Api.SeenQuestion>> {
  const found = PARTIES.map((owner) => {
    const entry = seen[owner].newest.find(({ by }) => by === party);
    return [owner, entry !== undefined && entry.at >= began ? entry : undefined] as const;
  });
  return Object.fromEntries(found.filter(([, entry]) => entry !== undefined));
}

/** The most characters of an answer's rows, so that a few long texts do not hold up the browser. */
const MOST_CHARACTERS = 2_000_000;

/** An answer with the first of its rows. */
export function answerView({ columns, rows, explanation, notes, milliseconds }: Answered): Api.Answered {
  let characters = 0;
  const shown = rows.slice(0, MOST_ROWS).filter((row) => {
    characters += JSON.stringify(row).length;
    return characters <= MOST_CHARACTERS;
  });
  return {
    kind: "answer",
    columns,
    rows: shown as Api.Answered["rows"],
    rowCount: rows.length,
    milliseconds,
    rules: rulesView({ explanation, notes }),
  };
}

/** The rules of an explanation. */
export function rulesView({ explanation, notes }: Pick<Explained, "explanation" | "notes">): Api.Rules {
  const { views, templates, checks } = explanation;
  return { views, templates, checks, notes };
}

export function refusalView({ problem, denied, rules }: Refused): Api.Refused {
  return { kind: "refused", ...problem, denied, views: rules };
}
