/**
 * The requests to tenants that are under way, over all tenants: bounded in number and in bytes,
 * and shared so that nobody's trouble is anybody else's. Tenants take turns. Suspects, whose last
 * attempt failed or was slow, share half of the slots and half of the bytes: however many of them
 * hang, the other half goes on for those who answer.
 *
 *     run ─▶ turns ─▶ a slot of `limit()` ─▶ work
 *            one per tenant and round; a body too large for what is left keeps its place
 */
import PQueue, { type Queue, type QueueAddOptions } from "p-queue";
import type { TenantId } from "../tenant.ts";
import { createTurns, type Kind } from "./turns.ts";

/** Of bodies under way, in bytes: good tenants have one half, suspects the other. */
const bytesMax = 64 * 1024 * 1024;

/** Requests to all tenants. */
export interface Requests {
  /**
   * Does `work` when it is the tenant's turn and there is room for a body of so many bytes; a
   * tenant's own requests begin in the order asked. Settles as `work` does. `isSuspect` is asked
   * while it waits, too. How much may wait is the caller's to bound: as much as may be sealed.
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

/** What is under way of one kind. */
interface Share {
  count: number;
  bytes: number;
}

interface Request {
  readonly tenant: TenantId;
  readonly bytes: number;
  readonly isSuspect: () => boolean;
  /** Whose it is from when it begins until it ends, whatever is found out about its tenant. */
  share?: Share;
  begin: Begin;
}

type AddOptions = QueueAddOptions & { readonly request?: Request };

/** A body larger than the share goes when no other of its kind is under way. */
const hasRoom = ({ count, bytes }: Share, more: number) =>
  count === 0 || bytes + more <= bytesMax / 2;

/** Who waits, and who of them may begin. */
function createSharing(slots: () => number) {
  const turns = createTurns<Request>();
  const shares = { good: { count: 0, bytes: 0 }, suspect: { count: 0, bytes: 0 } };

  /** Who is first of its kind, if its share has room. */
  function ready(kind: Kind) {
    const countMax = kind === "good" ? slots() : Math.max(1, Math.floor(slots() / 2));
    const first = turns.first(kind);
    const isReady = first !== undefined && shares[kind].count < countMax &&
      hasRoom(shares[kind], first.asked.bytes);
    return isReady ? first : undefined;
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
      if (kind === undefined || request === undefined) return undefined;
      request.share = shares[kind];
      request.share.count += 1;
      request.share.bytes += request.bytes;
      return request;
    },
    end({ share, bytes }: Request): void {
      if (share === undefined) return;
      share.count -= 1;
      share.bytes -= bytes;
    },
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

/** Shares `limit()` slots, at least one; it is asked whenever a request is made or ends. */
export function createRequests({ limit }: { readonly limit: () => number }): Requests {
  let slots = limit();
  const sharing = createSharing(() => slots);
  const queueClass = queueClassOf(sharing);
  const queue = new PQueue<InstanceType<typeof queueClass>, AddOptions>({ queueClass });

  function askLimit(): void {
    slots = limit();
    queue.concurrency = slots;
  }

  return {
    run(tenant, bytes, isSuspect, work) {
      const request: Request = { tenant, bytes, isSuspect, begin: work };
      askLimit();
      return queue.add(async () => {
        try {
          return await work();
        } finally {
          sharing.end(request);
          askLimit();
        }
      }, { request });
    },
    get pending() {
      return queue.pending;
    },
  };
}
