/** A tenant's copy of an event, on its way into a lane. */
import type { EventRef, Key, Owner } from "../event.ts";

/** The session that a copy is gathered in, and how long that stays open. */
export interface SessionOf {
  readonly key: Key;
  readonly lingerMs: number;
  readonly maxAgeMs: number;
}

/** How a copy is ordered, gathered and superseded. */
export interface CopySubject {
  /** The call, conference, message or fax within which order holds. */
  readonly about?: Key;
  /** Of a session: a leg begins or ends with it, or a message ends. */
  readonly stage?: "begins" | "ends";
  /** The leg that begins or ends. */
  readonly leg?: Key;
  /** Equal for the states of one message to one recipient, where they replace each other. */
  readonly state?: string;
}

/** What a lane has to know of an event. Times are epoch ms. */
export interface Copy {
  readonly owner: Owner;
  readonly event: EventRef;
  /** When it became the tenant's. */
  readonly since: number;
  /** When it happened, or when it was received where nothing tells. */
  readonly occurredAt: number;
  /** What it adds to a payload. */
  readonly bytes: number;
  readonly subject: CopySubject;
  readonly expiresAt?: number;
  /** Absent: it waits in the lane itself. */
  readonly session?: SessionOf;
}
