/** How a tenant stands, in a word or two. */
import { type Fields, isFields } from "../telnyx/fields.ts";
import { textIn } from "./fields.ts";

/** `active`, or who paused it: `paused (operator)`. */
export function standingOf(view: Fields): string {
  const { paused } = view;
  const by = isFields(paused) ? ` (${textIn(paused, "by")})` : "";
  return `${textIn(view, "status")}${by}`;
}
