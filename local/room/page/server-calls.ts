import type { AskReply, CheckReply, HttpProblem, Question, RoomView } from "../api.ts";

/** Everything that the page shows before anybody asks. Throws Error with a sentence for people. */
export function readRoom(): Promise<RoomView> {
  return call("/api/room");
}

/** The server learns a moment later that a question was cancelled. */
const WHILE_CANCELLING = [100, 300, 600];

/** Asks a question. Throws Error with a sentence for people; an AbortError if the signal cancels it. */
export function ask(question: Question, signal: AbortSignal): Promise<AskReply> {
  return call("/api/ask", question, signal);
}

/** Checks a question without running it. */
export function check(question: Question, signal: AbortSignal): Promise<CheckReply> {
  return call("/api/check", question, signal);
}

async function call<Reply>(path: string, body?: Question, signal?: AbortSignal): Promise<Reply> {
  const request: RequestInit = {
    ...(body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
    ...(signal && { signal }),
  };
  let response = await send();
  for (const pause of WHILE_CANCELLING) {
    if (response.status !== 409) break;
    await new Promise((resolve) => setTimeout(resolve, pause));
    response = await send();
  }
  const reply = (await response.json()) as Reply | HttpProblem;
  if (!response.ok) throw new Error((reply as HttpProblem).error.message);
  return reply as Reply;

  async function send(): Promise<Response> {
    try {
      return await fetch(path, request);
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw new Error("The server does not answer. Start it again with npm run room.");
    }
  }
}
