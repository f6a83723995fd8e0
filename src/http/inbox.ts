/**
 * The inbox: how many webhooks, and how many bytes of them, are between the door and the log.
 * Nothing can wait at the door, so beyond its high-water mark it refuses.
 */
import type { Limits } from "../config.ts";

/** Counts what is on its way to the log. */
export interface Inbox {
  /** Whether another webhook would be refused now. */
  full(): boolean;
  /** Bytes of bodies, as they come (+) and when they are done with (−). */
  addBytes(change: number): void;
  /** A body is complete and goes in (+1), or was answered (−1). */
  addWebhooks(change: 1 | -1): void;
  readonly highest: number;
}

/** Makes an inbox with the limits in force. */
export function createInbox(limits: () => Limits): Inbox {
  let webhooks = 0;
  let bytes = 0;
  let highest = 0;
  return {
    full: () => webhooks >= limits().inboxMax || bytes >= limits().inboxBytesMax,
    addBytes(change) {
      bytes += change;
    },
    addWebhooks(change) {
      webhooks += change;
      highest = Math.max(highest, webhooks);
    },
    get highest() {
      return highest;
    },
  };
}
