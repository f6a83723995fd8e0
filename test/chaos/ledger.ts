/**
 * The ledger of a run: what was acknowledged, and what backends saw and meant, in the order of a
 * counter that never stands still. What is wrong in itself is a finding at once; what can only be
 * judged at the end is kept for `verdicts.ts`.
 */
import type { Answer, Named, Takes } from "./answers.ts";

/** Findings beyond it say nothing new. */
const findingsMax = 200;

/** One event that was sent. */
export interface Sent {
  readonly id: string;
  /** Whose it is; nobody's: empty. */
  readonly tenants: readonly string[];
  /** Equal within one call. */
  readonly call?: string;
  readonly at: number;
  /** When it was first acknowledged; absent: it was not. */
  acknowledgedAt?: number;
}

/** What the head of a request says of its batch. */
export interface Head {
  readonly batch: string;
  readonly sequence: number;
  readonly attempt: number;
  readonly count: number;
  readonly retryOf?: string;
}

/** A batch, as its receiver knows it. */
export interface Seen {
  readonly sequence: number;
  readonly count: number;
  readonly retryOf: string | undefined;
  /** Of its bytes; absent: they never came whole. */
  digest?: string;
  ids?: readonly string[];
  /** An answer named events of it. */
  named: boolean;
}

/** An answer that took an event. */
export interface Taking {
  readonly head: Head;
  readonly takes: Takes;
  /** The name of the answer. */
  readonly by: string;
  readonly at: number;
}

/** One tenant's side of the ledger. */
export interface Book {
  readonly tenant: string;
  readonly batches: Map<string, Seen>;
  readonly sequences: Map<number, string>;
  readonly takings: Map<string, Taking[]>;
  /** Events that were named, and those that are never to come again. */
  readonly named: Set<string>;
  readonly doomed: Set<string>;
  /** What came again: right only if the answer before it came too late. */
  readonly repeats: { readonly before: Head; readonly text: string }[];
  readonly tick: () => number;
  readonly find: (text: string) => void;
}

/** Everything that is known of a run. */
export interface Ledger {
  readonly sent: Map<string, Sent>;
  readonly findings: string[];
  readonly books: Map<string, Book>;
  tick(): number;
  find(text: string): void;
  book(tenant: string): Book;
}

/** Opens an empty one. */
export function createLedger(): Ledger {
  const findings: string[] = [];
  const books = new Map<string, Book>();
  let ticks = 0;
  const tick = () => ++ticks;
  const find = (text: string) => void (findings.length < findingsMax && findings.push(text));
  return {
    sent: new Map(),
    findings,
    books,
    tick,
    find,
    book(tenant) {
      const known = books.get(tenant);
      if (known !== undefined) return known;
      const made: Book = {
        tenant,
        batches: new Map(),
        sequences: new Map(),
        takings: new Map(),
        named: new Set(),
        doomed: new Set(),
        repeats: [],
        tick,
        find: (text) => find(`${tenant} ${text}`),
      };
      books.set(tenant, made);
      return made;
    },
  };
}

/** Notes the head of a request. */
export function noteHead({ batches, sequences, find }: Book, head: Head): Seen {
  const { batch, sequence, count, retryOf } = head;
  const owner = sequences.get(sequence) ?? batch;
  sequences.set(sequence, owner);
  if (owner !== batch) find(`${batch}: sequence ${sequence} is that of ${owner} too`);
  const known = batches.get(batch);
  if (known === undefined) {
    const seen: Seen = { sequence, count, retryOf, named: false };
    batches.set(batch, seen);
    if (retryOf !== undefined && !batches.has(retryOf)) {
      find(`${batch}: retry of ${retryOf}, which never came`);
    }
    return seen;
  }
  if (known.sequence !== sequence) {
    find(`${batch}: sequence ${sequence}, and ${known.sequence} before`);
  }
  if (known.retryOf !== retryOf) find(`${batch}: retry of ${retryOf}, and ${known.retryOf} before`);
  return known;
}

/** Notes the body of a request: the events in it, and a digest of its bytes. */
export function noteBody(
  { takings, repeats, find }: Book,
  head: Head,
  seen: Seen,
  digest: string,
  ids: readonly string[],
): void {
  const { batch, attempt, count } = head;
  seen.digest ??= digest;
  seen.ids ??= ids;
  if (seen.digest !== digest) find(`${batch}: attempt ${attempt} has other bytes`);
  if (count !== ids.length) find(`${batch}: has ${ids.length} events, and says ${count}`);
  if (new Set(ids).size < ids.length) find(`${batch}: has an event twice`);
  for (const id of ids) {
    const before = takings.get(id)?.findLast(({ takes }) => takes !== "either");
    if (before === undefined) continue;
    const text = `${batch}: attempt ${attempt} has event ${id}, which was taken in ` +
      `${before.head.batch}, attempt ${before.head.attempt}, by "${before.by}"`;
    repeats.push({ before: before.head, text });
  }
}

/** Notes what an answer means, right before it is given. */
export function noteAnswer(
  { takings, named, doomed, tick }: Book,
  head: Head,
  seen: Seen,
  { name, takes }: Pick<Answer, "name" | "takes">,
  { again, dead }: Named,
): void {
  if (takes === "none") return;
  const listed = new Set([...again, ...dead]);
  if (listed.size > 0) seen.named = true;
  for (const id of listed) named.add(id);
  for (const id of dead) doomed.add(id);
  for (const id of seen.ids ?? []) {
    if (listed.has(id)) continue;
    const all = takings.get(id) ?? [];
    all.push({ head, takes, by: name, at: tick() });
    takings.set(id, all);
  }
}
