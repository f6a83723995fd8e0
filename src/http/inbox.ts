/**
 * The inbox: how many webhooks, and how many bytes of them, are between the door and the log.
 * Nothing can wait at the door, so beyond its high-water mark it refuses.
 */
import type { Limits } from "../config.ts";

/** Counts what is on its way to the log. */
export interface Inbox {
  /** Whether another webhook would be refused now. */
  full(): boolean;
  /** Takes up room for a piece of a body; false, and nothing taken, where there is none. */
  takeBytes(bytes: number): boolean;
  /** Gives that room back. */
  releaseBytes(bytes: number): void;
  /** A body is complete and goes in (+1), or was answered (−1). */
  addWebhooks(change: 1 | -1): void;
  readonly highest: number;
}

/** Makes an inbox with the limits in force. */
export function createInbox(limits: () => Limits): Inbox {
  let webhooks = 0;
  let held = 0;
  let highest = 0;
  return {
    full: () => webhooks >= limits().inboxMax || held >= limits().inboxBytesMax,
    takeBytes(bytes) {
      if (held + bytes > limits().inboxBytesMax) return false;
      held += bytes;
      return true;
    },
    releaseBytes(bytes) {
      held -= bytes;
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
