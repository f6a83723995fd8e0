/** A batch for people: what it is, and every attempt that is kept of it. */
import type { Fields } from "../telnyx/fields.ts";
import { askFor, findDaemon } from "./client.ts";
import { exits, type Given } from "./command.ts";
import { listIn, momentIn, numberIn, textIn } from "./fields.ts";
import type { Terminal } from "./terminal.ts";
import { shortened, table, timeText } from "./text.ts";

/** Of an answer's text, on a screen. */
const answerWidthMax = 200;
const tableWidthMax = 120;

const heading = ["no", "at", "destination", "answer", "took", "meaning"];

function timeIn(fields: Fields, name: string, utc: boolean): string {
  const at = momentIn(fields, name);
  return at === undefined ? "-" : timeText(at, utc);
}

const row = (attempt: Fields, utc: boolean) => [
  textIn(attempt, "number"),
  timeIn(attempt, "at", utc),
  textIn(attempt, "origin"),
  textIn(attempt, typeof attempt["status"] === "number" ? "status" : "error"),
  `${numberIn(attempt, "took_ms")} ms`,
  textIn(attempt, "verdict"),
];

function answerLines(attempt: Fields): readonly string[] {
  const { answer } = attempt;
  if (typeof answer !== "string" || answer === "") return [];
  return [
    `  ${textIn(attempt, "number")}: ${shortened(textIn(attempt, "answer"), answerWidthMax)}`,
  ];
}

const related: readonly (readonly [string, string])[] = [
  ["retry_of", "retry of"],
  ["replay_of", "replay of"],
];

/** Lines to be printed. */
export function storyText(story: Fields, utc: boolean): string {
  const kept = listIn(story, "kept");
  const events = numberIn(story, "count") === 1 ? "1 event" : `${numberIn(story, "count")} events`;
  const origins = related.filter(([name]) => typeof story[name] === "string")
    .map(([name, text]) => `${text} ${textIn(story, name)}`);
  const missing = numberIn(story, "attempts") - kept.length;
  const answers = kept.flatMap(answerLines);
  return [
    [textIn(story, "id"), textIn(story, "tenant"), textIn(story, "state")].join("  "),
    `number ${textIn(story, "sequence")}, ${events}, ${numberIn(story, "size")} bytes`,
    `sealed ${timeIn(story, "sealed_at", utc)}, settled ${timeIn(story, "settled_at", utc)}`,
    ...origins,
    "",
    kept.length === 0
      ? "no attempts"
      : table([heading, ...kept.map((attempt) => row(attempt, utc))], tableWidthMax),
    ...(missing > 0 ? [`${missing} attempts in between are not kept`] : []),
    ...(answers.length === 0 ? [] : ["", "What was answered:", ...answers]),
  ].join("\n");
}

/** Asks the daemon for a batch and prints it. */
export async function printStory(id: string, given: Given, terminal: Terminal): Promise<number> {
  const client = await findDaemon(given, terminal);
  const story = await askFor(client, "GET", `/batches/${encodeURIComponent(id)}`);
  if (given.has("json")) terminal.json(story);
  else terminal.print(storyText(story, given.has("utc")));
  return exits.done;
}
