/** A call of acme's, as its events tell of it. */
import type { Key } from "../../src/event.ts";
import type { Evidence } from "../../src/ownership.ts";
import { owner } from "./shared.ts";

/** Its first leg, one more, and the call itself. */
export const leg: Key = "call_leg_id:l";
export const other: Key = "call_leg_id:o";
export const session: Key = "call_session_id:s";

/** Its owner, and somebody else. */
export const [acme, beta] = [owner("acme"), owner("beta")];

/** An event that tells nothing of its owner. */
export const own: Evidence = { legs: [leg], circles: [session], teaches: [session] };
/** The one that tells everything. */
export const initiated: Evidence = { ...own, direction: "inbound", numbers: [acme] };
/** Without a direction, which another one tells; also with numbers of both. */
export const silent: Evidence = { ...own, awaits: true };
export const between: Evidence = { ...silent, sides: { inbound: [beta], outbound: [acme] } };
