/**
 * The requests to tenants that are under way, over all tenants: bounded in number and in bytes,
 * and shared so that nobody's trouble is anybody else's. Tenants take turns. Suspects, whose last
 * attempt failed or was slow, share half of the slots: however many of them hang, the other half
 * goes on for those who answer. What is found out while a request runs counts, too.
 *
 *     run ─▶ turns ─▶ is there room? ─▶ a slot of `limit()` ─▶ work ──after a second──▶ late
 *            one per tenant and round; a body too large for what is left keeps its place
 *
 * Never more than `limit()` requests and 128 MiB are under way. Where so many hang all at once
 * that did not before, everybody waits until these end; from then on they are suspects.
 */
import PQueue, { type Queue, type QueueAddOptions } from "p-queue";
import type { TenantId } from "../tenant.ts";
import { createShares, type Sized } from "./shares.ts";
import { createTurns, type Kind } from "./turns.ts";

/** A request that has run for so long counts among the suspects', in ms. */
const lateMs = 1_000;
/** A larger body takes its time with anybody, and so waits with the suspects'. */
const largeBytes = 16 * 1024 * 1024;

/** Requests to all tenants. */
export interface Requests {
  /**
   * Does `work` when it is the tenant's turn and there is room for a body of so many bytes; a
   * tenant's own requests begin in the order asked. Settles as `work` does. `isSuspect` is asked
   * while it waits, too. How much may wait is the caller's to bound: as much as may be sealed.
   * It must not be called inside `work`: it could wait for its own end.
   */
  run<T>(
    tenant: TenantId,
    bytes: number,
    isSuspect: () => boolean,
    work: () => Promise<T>,
  ): Promise<T>;
  /** Under way. */
  readonly pending: number;
}

type Begin = () => Promise<unknown>;

interface Request extends Sized {
  readonly tenant: TenantId;
  readonly isSuspect: () => boolean;
  begin: Begin;
}

type AddOptions = QueueAddOptions & { readonly request?: Request };

/** Who waits, and who of them may begin. */
function createSharing(slots: () => number) {
  const turns = createTurns<Request>();
  const shares = createShares(slots);

  /** Who is first of its kind, if there is room for it. */
  function ready(kind: Kind) {
    const first = turns.first(kind);
    return first !== undefined && shares.hasRoom(kind, first.asked.bytes) ? first : undefined;
  }

  function next(): Kind | undefined {
    const good = ready("good");
    const suspect = ready("suspect");
    if (good === undefined || suspect === undefined) return good ? "good" : suspect && "suspect";
    // Of a single slot there is no half that would be left to the good ones.
    return slots() === 1 || good.turn < suspect.turn ? "good" : "suspect";
  }

  return {
    add: (request: Request) => turns.add(request),
    mayBegin(): boolean {
      turns.review();
      return next() !== undefined;
    },
    begin(): Request | undefined {
      const kind = next();
      const request = kind && turns.take(kind);
      if (kind !== undefined && request !== undefined) shares.begin(request, kind);
      return request;
    },
    noteLate: shares.noteLate,
    end: shares.end,
  };
}

/** p-queue counts what is under way, and asks this what is next, and before it whether any is. */
function queueClassOf(sharing: ReturnType<typeof createSharing>) {
  return class implements Queue<Begin, AddOptions> {
    get size(): number {
      return sharing.mayBegin() ? 1 : 0;
    }
    enqueue(begin: Begin, { request }: Partial<AddOptions> = {}): void {
      if (request !== undefined) sharing.add(Object.assign(request, { begin }));
    }
    dequeue(): Begin | undefined {
      return sharing.begin()?.begin;
    }
    // For priorities and signals, which nobody gives.
    filter = (): Begin[] => [];
    setPriority = (): void => {};
    remove = (): void => {};
  };
}

/** Shares `limit()` slots, at least one; it is asked whenever a request is made, late or ends. */
export function createRequests({ limit }: { readonly limit: () => number }): Requests {
  let slots = limit();
  const sharing = createSharing(() => slots);
  const queueClass = queueClassOf(sharing);
  const queue = new PQueue<InstanceType<typeof queueClass>, AddOptions>({ queueClass });

  function askLimit(): void {
    slots = limit();
    queue.concurrency = slots;
  }

  async function timed<T>(request: Request, work: () => Promise<T>): Promise<T> {
    const timer = setTimeout(() => {
      sharing.noteLate(request);
      askLimit();
    }, lateMs);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
      sharing.end(request);
      askLimit();
    }
  }

  return {
    run(tenant, bytes, isSuspect, work) {
      const goesWithSuspects = () => bytes > largeBytes || isSuspect();
      const request: Request = { tenant, bytes, isSuspect: goesWithSuspects, begin: work };
      askLimit();
      return queue.add(() => timed(request, work), { request });
    },
    get pending() {
      return queue.pending;
    },
  };
}
