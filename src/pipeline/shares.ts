/**
 * What there is room for, of requests under way: how many may be suspects', and how many bytes of
 * bodies are whose. Who will hang is not known before, so a good tenant's request that runs for
 * long counts among the suspects' from then on: others miss its bytes until then, and no longer.
 *
 *     good ─────late──┐       good      32 MiB for sure, 64 together with what is held
 *     suspect ────────┴─▶ held          half of the slots and 32 MiB, but always one
 *                             all       128 MiB
 */
import type { Kind } from "./turns.ts";

const mib = 1024 * 1024;
const shareBytesMax = 32 * mib;
const bothBytesMax = 64 * mib;
const bytesMax = 128 * mib;

/** A request that has a body. */
export interface Sized {
  readonly bytes: number;
}

/** What is under way, and what may be added to it. */
export interface Shares {
  hasRoom(kind: Kind, bytes: number): boolean;
  begin(request: Sized, kind: Kind): void;
  /** It has run for long; changes nothing for a suspect's. */
  noteLate(request: Sized): void;
  /** Gives back what it had, as whatever it counted. */
  end(request: Sized): void;
}

interface Share {
  count: number;
  bytes: number;
}

/** A larger one counts as so large, or there might never be room for it. */
const counted = (bytes: number) => Math.min(bytes, bothBytesMax);

/** Shares out slots, of which there are so many now, and bytes. */
export function createShares(slots: () => number): Shares {
  const none = (): Share => ({ count: 0, bytes: 0 });
  const shares = { good: none(), suspect: none(), late: none() };
  const { good, suspect, late } = shares;
  const shareOf = new Map<Sized, Share>();

  function leave(request: Sized): void {
    const share = shareOf.get(request);
    if (share === undefined) return;
    shareOf.delete(request);
    share.count -= 1;
    share.bytes -= counted(request.bytes);
  }

  function join(request: Sized, share: Share): void {
    leave(request);
    shareOf.set(request, share);
    share.count += 1;
    share.bytes += counted(request.bytes);
  }

  return {
    hasRoom(kind, bytes) {
      const more = counted(bytes);
      const heldBytes = suspect.bytes + late.bytes;
      if (good.bytes + heldBytes + more > bytesMax) return false;
      const leftBytes = Math.max(shareBytesMax, bothBytesMax - heldBytes);
      if (kind === "good") return good.bytes + more <= leftBytes;
      // One may be larger than the share, and must not wait for late ones that follow each other.
      if (suspect.count === 0) return true;
      const isHalf = suspect.count + late.count >= Math.floor(slots() / 2);
      return !isHalf && heldBytes + more <= shareBytesMax;
    },
    begin: (request, kind) => join(request, shares[kind]),
    noteLate(request) {
      if (shareOf.get(request) === good) join(request, late);
    },
    end: leave,
  };
}
