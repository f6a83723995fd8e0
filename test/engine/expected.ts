/** What is expected of one lane in a random history: the plainest model of it. */
import type { Batch } from "../../src/batch.ts";
import type { Settlement } from "../../src/delivery.ts";
import { grown, halved, type LaneCut } from "../../src/engine/cutting.ts";

/** Where a cut takes from. */
export type Place = "head" | "session";

/** What is not due before then is not due in any test. */
export const laterAt = Date.UTC(2100, 0);

/** What is due when it comes back is due after all that was due before. */
const dueNow = 1_000;

interface Group {
  readonly source: "split" | "retry";
  readonly parent: string;
  readonly times: number;
  readonly dueAt: number;
  readonly refused: boolean;
  ids: readonly string[];
}

/** A batch that is sealed. */
export interface ExpectedBatch {
  readonly batch: Batch;
  readonly ids: readonly string[];
  readonly source: "lane" | Group["source"];
  attempts: number;
}

/** What a cut takes, and what its batch says of where that was. */
interface Taken {
  readonly ids: readonly string[];
  readonly source: ExpectedBatch["source"];
  readonly times: number;
  readonly parent?: string;
}

const isOld = (id: string) => Number(id.slice(1)) < 10;

/** One lane. */
export class Expected {
  waiting: string[] = [];
  groups: Group[] = [];
  sealed: ExpectedBatch[] = [];
  dead = 0;
  sequence = 0;
  cut: LaneCut | undefined;

  /** Everything that waits. */
  count(): number {
    return this.groups.reduce((sum, { ids }) => sum + ids.length, this.waiting.length);
  }

  beside(): { split: number; refused: number } {
    const splits = this.groups.filter(({ source }) => source === "split");
    const split = splits.reduce((sum, { ids }) => sum + ids.length, 0);
    return { split, refused: this.groups.filter(({ refused }) => refused).length };
  }

  /** What a cut takes, and where from. */
  take(wanted: number, from: Place): Taken {
    const max = Math.min(wanted, this.cut?.eventsMax ?? wanted);
    if (from === "head") return { ids: this.waiting.splice(0, max), source: "lane", times: 0 };
    const due = this.groups.filter(({ dueAt }) => dueAt < laterAt);
    const group = due.findLast(({ source }) => source === "split") ??
      due.toSorted((one, other) => one.dueAt - other.dueAt)[0];
    if (group === undefined) return { ids: [], source: "lane", times: 0 };
    const ids = group.ids.slice(0, max);
    group.ids = group.ids.slice(max);
    this.#forgetEmpty();
    return { ...group, ids };
  }

  /** How a batch ends, if it does; says how many events die of it. */
  settle(sealed: ExpectedBatch, to: Settlement): number {
    if (to.as === "again" || to.as === "gone") return 0;
    const { ids } = sealed;
    this.sealed = this.sealed.filter((other) => other !== sealed);
    if (to.as === "split") {
      this.cut = halved(this.cut, ids.length);
      const source = sealed.source === "retry" ? "retry" : "split";
      this.#back(sealed, ids, { source, dueAt: dueNow });
    }
    if (to.as === "aside") {
      const refused = to.refusedAt !== undefined;
      this.#back(sealed, ids, { dueAt: to.notBefore, refused });
    }
    if (to.as === "accepted" || to.as === "partly") this.cut &&= grown(this.cut, ids.length);
    if (to.as === "partly") {
      const again = to.again.flatMap((member) => ids[member] ?? []);
      this.#back(sealed, again, { dueAt: to.notBefore });
      this.dead += to.dead.length;
      return to.dead.length;
    }
    return to.as === "dead" ? this.#bury(ids.length) : 0;
  }

  #back({ batch }: ExpectedBatch, ids: readonly string[], more: Partial<Group>): void {
    const times = (batch.returned?.times ?? 0) + 1;
    const plain = { source: "retry", dueAt: 0, refused: false } as const;
    this.groups.push({ ...plain, parent: batch.id, times, ids, ...more });
    this.#forgetEmpty();
  }

  #bury(members: number): number {
    const before = this.count();
    this.waiting = this.waiting.filter((id) => !isOld(id));
    for (const group of this.groups) group.ids = group.ids.filter((id) => !isOld(id));
    this.#forgetEmpty();
    const died = members + before - this.count();
    this.dead += died;
    return died;
  }

  #forgetEmpty(): void {
    this.groups = this.groups.filter(({ ids }) => ids.length > 0);
  }
}
