/** How a tenant stands, in a word or two. */
import { type Fields, isFields } from "../telnyx/fields.ts";
import { textIn } from "./fields.ts";

/** `active`, who paused it (`paused (operator)`), or that its circuit is open. */
export function standingOf(view: Fields): string {
  const { paused } = view;
  const status = textIn(view, "status");
  if (isFields(paused)) return `${status} (${textIn(paused, "by")})`;
  return status === "active" && view["circuit"] === "open" ? "circuit open" : status;
}
