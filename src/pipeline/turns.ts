/**
 * Whose turn it is, of the tenants that have a request waiting. Each has one turn per round,
 * however much it has waiting, and stands in one of two queues: suspects, which may hang, and
 * good ones. Turns are numbered over both, so that the two can be taken as one round.
 *
 *     good      acme (2, then 7 more) ─ north (4)          ┐ the lower number
 *     suspect   south (1) ─ west (3, then 1 more)          ┘ is first
 */
import type { TenantId } from "../tenant.ts";

/** A good tenant answers soon; a suspect failed last, or was slow. */
export type Kind = "good" | "suspect";

/** What waits for its turn. */
export interface Asked {
  readonly tenant: TenantId;
  readonly isSuspect: () => boolean;
}

/** Whose turn it is. Every step costs the same, however many wait. */
export interface Turns<T extends Asked> {
  /** Goes behind what its tenant has waiting already. */
  add(asked: T): void;
  /** Asks those who are first whether they still are of their kind; others begin a new turn. */
  review(): void;
  /** Who is first of this kind, with the number of the turn. */
  first(kind: Kind): { readonly asked: T; readonly turn: number } | undefined;
  /** Takes who is first; what else its tenant has waiting gets a turn after all others. */
  take(kind: Kind): T | undefined;
}

interface Fifo<T> {
  push(value: T): void;
  first(): T | undefined;
  take(): T | undefined;
}

/** An array's own `shift` costs as much as the array is long. */
function createFifo<T>(): Fifo<T> {
  let leaving: T[] = [];
  let joined: T[] = [];
  function first(): T | undefined {
    if (leaving.length === 0) [leaving, joined] = [joined.reverse(), leaving];
    return leaving.at(-1);
  }
  return {
    push: (value) => joined.push(value),
    first,
    take() {
      first();
      return leaving.pop();
    },
  };
}

interface Line<T> {
  readonly waiting: Fifo<T>;
  turn: number;
}

/** Makes one in which nobody waits. */
export function createTurns<T extends Asked>(): Turns<T> {
  const lines = new Map<TenantId, Line<T>>();
  const queues = { good: createFifo<Line<T>>(), suspect: createFifo<Line<T>>() };
  let turns = 0;

  const kindOf = ({ waiting }: Line<T>): Kind => waiting.first()?.isSuspect() ? "suspect" : "good";

  function beginTurn(line: Line<T>): void {
    line.turn = turns++;
    queues[kindOf(line)].push(line);
  }

  function reviewOf(kind: Kind): void {
    const queue = queues[kind];
    for (let line = queue.first(); line && kindOf(line) !== kind; line = queue.first()) {
      queue.take();
      beginTurn(line);
    }
  }

  return {
    add(asked) {
      const known = lines.get(asked.tenant);
      const line = known ?? { waiting: createFifo<T>(), turn: 0 };
      line.waiting.push(asked);
      if (known !== undefined) return;
      lines.set(asked.tenant, line);
      beginTurn(line);
    },
    review() {
      reviewOf("good");
      reviewOf("suspect");
    },
    first(kind) {
      const line = queues[kind].first();
      const asked = line?.waiting.first();
      return line === undefined || asked === undefined ? undefined : { asked, turn: line.turn };
    },
    take(kind) {
      const line = queues[kind].take();
      const asked = line?.waiting.take();
      if (line === undefined || asked === undefined) return undefined;
      if (line.waiting.first() === undefined) lines.delete(asked.tenant);
      else beginTurn(line);
      return asked;
    },
  };
}
