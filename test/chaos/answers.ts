/**
 * The table of answers, from good to hostile. Each says what it means, so that what comes of it
 * can be held against it:
 *
 *     all       everything is taken, and must not come again
 *     none      nothing is: it must come again
 *     either    the answer was lost on its way: nobody can know
 *     listed    all but those that the answer names
 */
import { type Dice, pick } from "./dice.ts";
import type { Asked } from "./wire.ts";

/** What an answer means for the events that came. */
export type Takes = "all" | "none" | "either" | "listed";

/** The events that an answer names. */
export interface Named {
  readonly again: readonly string[];
  /** Never to be sent again. */
  readonly dead: readonly string[];
}

/** What an answer may depend on. */
export interface Scene {
  /** Of the events, in the order they came. */
  readonly ids: readonly string[];
  readonly named: Named;
  /** Where nobody may ever connect to. */
  readonly trap: string;
  /** For this attempt. */
  readonly dice: Dice;
}

/** One way to answer. */
export interface Answer {
  readonly name: string;
  /** How often, beside the others. */
  readonly weight: number;
  readonly takes: Takes;
  /** As soon as the head has come. */
  readonly early?: true;
  /** Waits for so long at most, in ms. */
  readonly slowMs?: number;
  readonly act: (asked: Asked, scene: Scene) => void;
}

type Headers = Readonly<Record<string, string>>;

const text = { "content-type": "text/plain" };
const json = { "content-type": "application/json" };

function headOf(status: number, headers: Headers): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Status\r\n${lines.join("")}\r\n`;
}

const whole = (status: number, headers: Headers, body: string) =>
  headOf(status, { ...headers, "content-length": String(body.length) }) + body;

/** A whole answer, as everybody would give it. */
export function say(asked: Asked, status: number, headers: Headers = text, body = "said"): void {
  asked.write(whole(status, headers, body));
  asked.end();
}

const saying = (status: number, headers?: Headers, body?: string): Answer["act"] => (asked) =>
  say(asked, status, headers, body);

/** Says this, and closes without warning. */
const closing = (words: string): Answer["act"] => (asked) => {
  asked.write(words);
  asked.close();
};

/** Says this, then more and more of that, for as long as anybody listens. */
const going = (first: string, more: string, everyMs: number): Answer["act"] => (asked) => {
  asked.write(first);
  const timer = setInterval(() => asked.write(more), everyMs);
  asked.onceOver(() => clearInterval(timer));
};

/** Without an end that is told. */
const open = (headers: Headers) => headOf(200, { ...headers, connection: "close" });
const half = (headers: Headers, body: string) =>
  whole(200, headers, body).slice(0, -Math.ceil(body.length / 2));
const much = "endless ".repeat(8_192);

const listing = (body: (scene: Scene) => unknown): Answer["act"] => (asked, scene) =>
  say(asked, 200, json, JSON.stringify(body(scene)));

const failuresOf = ({ named: { again, dead } }: Scene) => [
  ...again.map((id) => ({ id, retry: true, error: "busy" })),
  ...dead.map((id) => ({ id, retry: false, error: "never" })),
];

const awsOf = ({ named }: Scene) => named.again.map((itemIdentifier) => ({ itemIdentifier }));

const strangerOf = ({ ids }: Scene) => [...ids.slice(0, 1), "stranger"].map((id) => ({ id }));

const asking = (status: number, wish: string): Answer => ({
  name: `${status} retry-after: ${wish}`,
  weight: 1,
  takes: "none",
  act: saying(status, { ...text, "retry-after": wish }),
});

const plain = (status: number, weight = 1): Answer => ({
  name: String(status),
  weight,
  takes: "none",
  act: saying(status),
});

const redirect = (status: number): Answer => ({
  name: String(status),
  weight: 1,
  takes: "none",
  act: (asked, { trap }) => say(asked, status, { location: trap }),
});

/** What everybody answers in the end. */
export const accepting: Answer = { name: "200", weight: 20, takes: "all", act: saying(200) };
/** The one that pauses its tenant. */
export const gone: Answer = { name: "410", weight: 0, takes: "none", act: saying(410) };
/** The one to what is too large; a proxy does not wait for the body to say so. */
export const tooLarge: Answer = { name: "413", weight: 0, takes: "none", act: saying(413) };
/** The same, by a proxy. */
export const tooLargeEarly: Answer = {
  name: "413 early",
  weight: 0,
  takes: "none",
  early: true,
  act: closing(whole(413, { connection: "close" }, "")),
};
/** The one to what has poison in it. */
export const refusing: readonly [Answer, ...Answer[]] = [plain(422), plain(400)];

/** Answers to what could be taken; the other rules of a backend come before them. */
const taking: readonly Answer[] = [
  accepting,
  { name: "204", weight: 6, takes: "all", act: (asked) => say(asked, 204, {}, "") },
  { name: "200 json", weight: 6, takes: "all", act: saying(200, json, '{"status":"ok"}') },
  { name: "200 slow", weight: 5, takes: "all", slowMs: 150, act: saying(200) },
  {
    name: "200 and close",
    weight: 3,
    takes: "all",
    act: closing(whole(200, { ...text, connection: "close" }, "bye")),
  },
  { name: "200 and gone", weight: 3, takes: "all", act: closing(whole(200, text, "bye")) },
  {
    name: "200 after 1xx",
    weight: 2,
    takes: "all",
    act: (asked) => {
      asked.write(headOf(102, {}).repeat(3));
      say(asked, 200, text, "after all");
    },
  },
  { name: "half text", weight: 2, takes: "all", act: closing(half(text, "half of it")) },
  { name: "endless text", weight: 1, takes: "all", act: going(open(text), much, 1) },
  { name: "dripping text", weight: 1, takes: "all", act: going(open(text), ".", 40) },
  {
    name: "reset in text",
    weight: 1,
    takes: "either",
    act: (asked) => {
      asked.write(half(text, "half of it"));
      asked.reset();
    },
  },
  { name: "half json", weight: 2, takes: "none", act: closing(half(json, '{"failures":[]}')) },
  { name: "endless json", weight: 1, takes: "none", act: going(`${open(json)}{`, much, 1) },
  { name: "dripping json", weight: 1, takes: "none", act: going(`${open(json)}{`, " ", 40) },
  { name: "json without end", weight: 1, takes: "none", act: closing(`${open(text)}{"fail`) },
  {
    name: "failures",
    weight: 6,
    takes: "listed",
    act: listing((scene) => ({ failures: failuresOf(scene) })),
  },
  {
    name: "batchItemFailures",
    weight: 3,
    takes: "listed",
    act: listing((scene) => ({ batchItemFailures: awsOf(scene) })),
  },
  {
    name: "failures unknown",
    weight: 2,
    takes: "none",
    act: listing((scene) => ({ failures: strangerOf(scene) })),
  },
  {
    name: "failures malformed",
    weight: 2,
    takes: "none",
    act: listing(({ ids }) => ({ failures: [{ id: ids[0], retry: "no" }] })),
  },
  { name: "failures none", weight: 2, takes: "all", act: listing(() => ({ failures: [] })) },
];

/** Answers to anything. */
const failing: readonly Answer[] = [
  { name: "hang", weight: 2, takes: "none", act: () => {} },
  { name: "reset", weight: 3, takes: "none", early: true, act: (asked) => asked.reset() },
  { name: "close", weight: 2, takes: "none", act: (asked) => asked.close() },
  { name: "half a head", weight: 1, takes: "none", act: closing("HTTP/1.1 200 OK\r\ncont") },
  { name: "garbage", weight: 2, takes: "none", act: closing("220 smtp.example ESMTP\r\n\r\n") },
  { name: "dripping head", weight: 1, takes: "none", act: going("HTTP/1.1 200 OK\r\n", "x", 40) },
  {
    name: "1xx flood",
    weight: 2,
    takes: "none",
    act: going("", headOf(102, {}).repeat(50), 1),
  },
  {
    name: "503 early",
    weight: 2,
    takes: "none",
    early: true,
    act: (asked) => say(asked, 503),
  },
  {
    name: "401 early",
    weight: 1,
    takes: "none",
    early: true,
    act: closing(whole(401, { connection: "close" }, "who are you")),
  },
  {
    name: "json reset",
    weight: 1,
    takes: "none",
    act: (asked) => {
      asked.write(half(json, '{"failures":[]}'));
      asked.reset();
    },
  },
  plain(408),
  plain(425),
  plain(500, 4),
  plain(401),
  plain(403),
  plain(404),
  plain(409),
  redirect(301),
  redirect(302),
  redirect(307),
  asking(429, "0"),
  asking(429, "1"),
  asking(429, "Sun, 06 Nov 1994 08:49:37 GMT"),
  asking(429, "in a moment"),
  asking(429, "-5"),
  asking(503, "soon"),
  asking(503, "1e9"),
  asking(503, "Blursday, 40 Foo 2020 99:99:99 GMT"),
];

const table = [...taking, ...failing];
const weight = table.reduce((sum, one) => sum + one.weight, 0);

/** Whether an answer goes only to what could be taken. */
export const isTaking = (answer: Answer): boolean => taking.includes(answer);

/** The answer at a share of the table, from 0 to below 1. */
export function answerAt(share: number): Answer {
  let left = share * weight;
  return table.find((one) => (left -= one.weight) < 0) ?? accepting;
}

/** Which events an answer names, if it is one that does. */
export function namedBy({ name, takes }: Answer, ids: readonly string[], dice: Dice): Named {
  if (takes !== "listed") return { again: [], dead: [] };
  const some = ids.filter((id) => dice("named", id) < 0.3);
  const named = some.length > 0 ? some : [pick(dice("named"), [ids[0] ?? "", ...ids.slice(1)])];
  const isDead = (id: string) => name === "failures" && dice("dead", id) < 0.1;
  return { again: named.filter((id) => !isDead(id)), dead: named.filter(isDead) };
}
