/** What must hold at the end of a run; whatever does not is a finding. */
import type { Member } from "./cast.ts";
import { isPoison } from "./backend.ts";
import type { Dice } from "./dice.ts";
import type { Book, Ledger, Sent } from "./ledger.ts";
import { nameOf } from "./tally.ts";

/** What is known at the end besides the ledger. */
export interface End {
  readonly dice: Dice;
  /** Attempts whose answer came too late. */
  readonly late: ReadonlySet<string>;
  /** Dead letters of a tenant: why, by event. */
  readonly dead: (tenant: string) => ReadonlyMap<string, string>;
}

const ownOf = ({ sent }: Ledger, tenant: string): readonly Sent[] =>
  [...sent.values()].filter(({ tenants }) => tenants.includes(tenant));

const batchOf = ({ batches }: Book, id: string) =>
  [...batches].filter(([, { ids }]) => ids?.includes(id)).map(([batch]) => batch).join(", ");

/** Each event that was acknowledged is delivered, or a dead letter that deserves it. */
function checkFates(ledger: Ledger, book: Book, { dice, dead }: End): void {
  const { tenant, takings, doomed, find } = book;
  const own = ownOf(ledger, tenant);
  const letters = dead(tenant);
  const known = new Set(own.map(({ id }) => id));
  const where = (id: string) => `event ${id} (in ${batchOf(book, id) || "no batch"})`;
  const arrived = new Set([...book.batches.values()].flatMap(({ ids = [] }) => ids));
  for (const id of arrived) if (!known.has(id)) find(`${where(id)} is not its own`);
  for (const [id, why] of letters) {
    const deserves = isPoison(dice, tenant, id) || doomed.has(id);
    if (!deserves) find(`${where(id)} is dead and does not deserve it: ${why}`);
  }
  for (const { id, acknowledgedAt } of own) {
    const isSettled = takings.has(id) || letters.has(id);
    if (acknowledgedAt !== undefined && !isSettled) find(`${where(id)} is lost`);
  }
}

/** What was taken comes again only where the answer was too late. */
function checkRepeats({ repeats, find }: Book, { late }: End): number {
  const excused = repeats.filter(({ before }) => late.has(nameOf(before)));
  for (const repeat of repeats) if (!excused.includes(repeat)) find(repeat.text);
  return excused.length;
}

/** No sequence is left out: each batch was tried at least once. */
function checkSequences({ sequences, find }: Book): void {
  const last = Math.max(0, ...sequences.keys());
  if (last !== sequences.size) find(`${last - sequences.size} sequences up to ${last} never came`);
}

/** Batches beside the lane: of what was named, or went alone and came back; and what follows. */
function besideIn({ batches }: Book): ReadonlySet<string> {
  const beside = new Set<string>();
  for (const [batch, { retryOf }] of batches) {
    const parent = retryOf === undefined ? undefined : batches.get(retryOf);
    if (retryOf === undefined || parent === undefined) continue;
    if (parent.count === 1 || parent.named || beside.has(retryOf)) beside.add(batch);
  }
  return beside;
}

/**
 * Events that never left their lane come in the order in which they were acknowledged, those of a
 * call among themselves: in a batch they stand by when they occurred, in the places they had.
 */
function checkOrder(ledger: Ledger, book: Book): void {
  const beside = besideIn(book);
  const left = new Set(
    [...book.batches].flatMap(([batch, { ids = [] }]) => beside.has(batch) ? ids : []),
  );
  const latest = new Map<string, Sent>();
  // Takings are in the order of the first one of each event.
  for (const [id, [first]] of book.takings) {
    const sent = ledger.sent.get(id);
    if (sent === undefined || left.has(id) || book.named.has(id)) continue;
    const queue = sent.call ?? "";
    const before = latest.get(queue);
    if (before === undefined || sent.at > before.at) latest.set(queue, sent);
    if (before === undefined || (sent.acknowledgedAt ?? Infinity) >= before.at) continue;
    book.find(`${first?.head.batch}: event ${id} came after ${before.id}, which was sent later`);
  }
}

/** Finds what is wrong in the end; says how often an answer that was too late excused it. */
export function checkAll(ledger: Ledger, members: readonly Member[], end: End): number {
  let excused = 0;
  for (const { id, inFlight } of members) {
    const book = ledger.book(id);
    checkFates(ledger, book, end);
    excused += checkRepeats(book, end);
    checkSequences(book);
    if (inFlight === 1) checkOrder(ledger, book);
  }
  return excused;
}
