/** Every layout by its name. A name never changes its meaning, and none is ever taken out. */
import type { Layout } from "../batch.ts";
import { cloudevents } from "./cloudevents.ts";
import { envelope, provenEnvelope } from "./envelope.ts";
import { array, ndjson, singleOf } from "./events.ts";
import type { Member, Rendering } from "./member.ts";

/** How each is made. */
export const layouts: Readonly<Record<Layout, Rendering>> = {
  "envelope/1": envelope,
  "envelope/1+proof": provenEnvelope,
  "array/1": array,
  "ndjson/1": ndjson,
  "cloudevents/1": cloudevents,
  "single/1": singleOf("application/json"),
  "single/1+form": singleOf("application/x-www-form-urlencoded"),
};

/** Whether this program knows a layout of this name: a newer one may have sealed with it. */
export function isLayout(name: string): name is Layout {
  return Object.hasOwn(layouts, name);
}

/** The layout that these members get where this one is wanted: a form, alone, goes as a form. */
export function layoutFor(wanted: Layout, [first]: readonly Member[]): Layout {
  return wanted === "single/1" && first?.form !== undefined ? "single/1+form" : wanted;
}
