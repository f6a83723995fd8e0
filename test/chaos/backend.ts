/**
 * A tenant's backend: checks every request as a careful receiver would, then answers from the
 * table, as its dice say for this batch and attempt. Poison is never taken, nor what is too large.
 *
 *     a request ─▶ whose? signed? ─▶ the ledger ─▶ dice ─▶ poison? too large? ─▶ an answer
 */
import { Buffer } from "node:buffer";
import { createHmac, hash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import {
  accepting,
  type Answer,
  answerAt,
  gone,
  isTaking,
  namedBy,
  refusing,
  say,
  tooLarge,
  tooLargeEarly,
} from "./answers.ts";
import type { Format, Member } from "./cast.ts";
import { type Dice, pick } from "./dice.ts";
import { type Book, type Head, noteAnswer, noteBody, noteHead, type Seen } from "./ledger.ts";
import { type Asked, openWire, type Wire } from "./wire.ts";

/** Of a tenant's events; a small batch is more often without any. */
const poisonShare = 0.004;

/** What all backends share. */
export interface Stage {
  readonly dice: Dice;
  readonly trap: string;
  /** Backends that are calm take what they can. */
  readonly isCalm: () => boolean;
  /** Counts an answer, by its name. */
  readonly count: (name: string) => void;
}

/** A running backend. */
export interface Backend extends AsyncDisposable {
  readonly member: Member;
  readonly wires: readonly Wire[];
  readonly urls: readonly string[];
  /** Requests so far. */
  readonly requests: () => number;
  /** `whsec_…`, before the first request. */
  useSecret(secret: string): void;
  /** It was resumed after its 410. */
  resumed(): void;
}

/** Whether a tenant's backend never takes this event. */
export const isPoison = (dice: Dice, tenant: string, id: string): boolean =>
  dice("poison", tenant, id) < poisonShare;

function headIn({ headers }: Asked): Head {
  const number = (name: string) => Number(headers.get(`x-aggregator-${name}`));
  const retryOf = headers.get("x-aggregator-retry-of");
  return {
    batch: headers.get("webhook-id") ?? "",
    sequence: number("sequence"),
    attempt: number("attempt"),
    count: number("count"),
    ...(retryOf === undefined ? {} : { retryOf }),
  };
}

type Read = (text: string) => readonly string[];

const dataIds = (events: readonly { readonly data: { readonly id: string } }[]) =>
  events.map(({ data }) => data.id);

/** The ids of the events in a body. */
const readers: Readonly<Record<Format, Read>> = {
  envelope: (text) => dataIds(JSON.parse(text).events),
  array: (text) => dataIds(JSON.parse(text)),
  ndjson: (text) => dataIds(text.trimEnd().split("\n").map((line) => JSON.parse(line))),
  cloudevents: (text) => JSON.parse(text).map(({ id }: { readonly id: string }) => id),
  single: (text) => dataIds([JSON.parse(text)]),
};

/** Whether a request is signed as Standard Webhooks 1.0 wants it, with this secret. */
function isSigned({ headers }: Asked, body: Buffer, secret: string): boolean {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const signed = `${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.`;
  const mac = createHmac("sha256", key).update(signed).update(body).digest("base64");
  return (headers.get("webhook-signature") ?? "").split(" ").includes(`v1,${mac}`);
}

const unpacked = ({ headers }: Asked, body: Buffer): Buffer =>
  headers.get("content-encoding") === "gzip" ? gunzipSync(body) : body;

/** The dice of one attempt. */
function diceOf({ dice }: Stage, { id }: Member, { sequence, attempt }: Head): Dice {
  return (...name) => dice(id, sequence, attempt, ...name);
}

/** What is answered, as far as the head of a request says. */
function decide(stage: Stage, member: Member, head: Head, length: number, dice: Dice): Answer {
  if (member.goneAt === head.sequence && head.attempt === 1) return gone;
  const drawn = stage.isCalm() ? accepting : answerAt(dice("answer"));
  if (!isTaking(drawn) || length <= member.wireBytesMax) return drawn;
  return dice("proxy") < 0.3 ? tooLargeEarly : tooLarge;
}

/** Reads, checks and notes the body of a request; undefined: it did not come whole. */
async function receive(
  asked: Asked,
  { format }: Member,
  book: Book,
  head: Head,
  seen: Seen,
  secret: string,
): Promise<readonly string[] | undefined> {
  const wire = await asked.body;
  if (wire === undefined) return undefined;
  const body = unpacked(asked, wire);
  if (!isSigned(asked, body, secret)) book.find(`${head.batch}: is not signed for this tenant`);
  const ids = readers[format](body.toString("utf8"));
  noteBody(book, head, seen, hash("sha256", body), ids);
  return ids;
}

async function answer(
  asked: Asked,
  stage: Stage,
  member: Member,
  book: Book,
  secret: string,
): Promise<void> {
  const head = headIn(asked);
  const seen = noteHead(book, head);
  const dice = diceOf(stage, member, head);
  const decided = decide(stage, member, head, asked.length, dice);
  const give = (given: Answer, ids: readonly string[]) => {
    const named = namedBy(given, ids, dice);
    noteAnswer(book, head, seen, given, named);
    stage.count(given.name);
    given.act(asked, { ids, named, trap: stage.trap, dice });
  };
  if (decided.early) give(decided, []);
  const ids = await receive(asked, member, book, head, seen, secret);
  if (decided.early || ids === undefined) return;
  const { slowMs } = decided;
  if (slowMs !== undefined) await new Promise((go) => setTimeout(go, slowMs * dice("slow")));
  if (asked.isOver()) return;
  const poisoned = ids.some((id) => isPoison(stage.dice, member.id, id));
  give(poisoned && isTaking(decided) ? pick(dice("refusing"), refusing) : decided, ids);
}

/** Nobody may have more requests under way than is agreed; a gone one gets none. */
function createGate({ inFlight, goneAt }: Member, book: Book) {
  let underWay = 0;
  let goneBy: Head | undefined;
  return {
    enter(asked: Asked, head: Head): void {
      const { batch, sequence, attempt } = head;
      underWay += 1;
      asked.onceOver(() => underWay -= 1);
      if (underWay > inFlight) book.find(`${batch}: request ${underWay} at once of ${inFlight}`);
      if (goneBy !== undefined && inFlight === 1) {
        book.repeats.push({ before: goneBy, text: `${batch}: sent after a 410` });
      }
      if (sequence === goneAt && attempt === 1) goneBy = head;
    },
    resumed: () => void (goneBy = undefined),
  };
}

/** Starts a backend, with a second URL where it has one. */
export async function openBackend(member: Member, book: Book, stage: Stage): Promise<Backend> {
  const gate = createGate(member, book);
  let requests = 0;
  let secret = "";

  async function ping(asked: Asked): Promise<void> {
    const body = await asked.body;
    if (body === undefined) return;
    if (!isSigned(asked, unpacked(asked, body), secret)) {
      book.find("A ping is not signed for this tenant");
    }
    stage.count("ping");
    say(asked, 200);
  }

  function handle(asked: Asked): void {
    requests += 1;
    const { headers } = asked;
    const tenant = headers.get("x-aggregator-tenant");
    if (tenant !== member.id) book.find(`got a batch of ${tenant}`);
    const isPing = !headers.has("x-aggregator-sequence");
    if (!isPing) gate.enter(asked, headIn(asked));
    const answered = isPing ? ping(asked) : answer(asked, stage, member, book, secret);
    answered.catch((error: Error) => book.find(`${headers.get("webhook-id")}: ${error.stack}`));
  }

  const wires = [await openWire(handle), ...member.failover ? [await openWire(handle)] : []];
  return {
    member,
    wires,
    urls: wires.map(({ url }) => url),
    requests: () => requests,
    useSecret(text) {
      secret = text;
    },
    resumed: gate.resumed,
    async [Symbol.asyncDispose]() {
      for (const wire of wires) await wire[Symbol.asyncDispose]();
    },
  };
}
