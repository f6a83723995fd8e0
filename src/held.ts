/** Events that are nobody's, and what is needed to find out whose they are. */
import type { Evidence, HeldReason } from "./ownership.ts";
import type { Event, EventRef, Owner } from "./event.ts";
import type { TenantId } from "./tenant.ts";

/** Something that held events name and nobody owns. */
export interface Wanted {
  /** `number:+18005559876`, `connection:…`, `profile:…`, `id:…` */
  readonly key: string;
  readonly count: number;
  /** When the first and the last of them were received, in epoch ms. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** Who had it within `unassigned.hold`: a new owner does not get what is held. */
  readonly former: readonly TenantId[];
}

/** An event that is nobody's, with what it takes to ask again whose it is. */
export interface Held {
  readonly ref: EventRef;
  readonly event: Event;
  readonly raw: Uint8Array;
  /** The body is a form. */
  readonly form: boolean;
  readonly path: string;
  readonly signer?: TenantId;
  readonly why: HeldReason;
}

/** Which held events an operator means. */
export type HeldSelection = { readonly wanted: string } | { readonly id: string };

/** An event as the log has it. */
export interface Stored {
  readonly ref: EventRef;
  readonly event: Event;
  readonly state: "owned" | "held" | "parked" | "dropped" | "expired";
  readonly owners: readonly Owner[];
  readonly why?: HeldReason;
  readonly raw: Uint8Array;
  readonly form: boolean;
  readonly path?: string;
  readonly signer?: TenantId;
}

/** A held event's evidence by another config. */
export interface Reclaim {
  readonly ref: EventRef;
  readonly evidence: Evidence;
}
