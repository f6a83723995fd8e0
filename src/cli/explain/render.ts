/** An explanation for people: rule by rule what was looked at and found, and what came of it. */
import { graceMs } from "../../ownership.ts";
import { type Fields, isFields } from "../../telnyx/fields.ts";
import { listIn, momentIn, textIn, textsIn } from "../fields.ts";
import { type Paint, spanText, timeText } from "../text.ts";

const reasons: Readonly<Record<string, string>> = {
  waiting: `it waits for its call to say whose it is, at most ${graceMs / 1_000} s`,
  ambiguous: "two tenants could own it, and nothing says which",
  recycled: "another tenant had what it names within unassigned.hold: only `release` gives it away",
  unknown: "nobody owns anything that it names",
  expired: "it was held longer than unassigned.hold: only `release` gives it away",
};

const reasonText = (reason: string) => `nobody: ${reasons[reason] ?? reason} (${reason})`;

/** Whose, or nobody's and why. */
function outcomeText(outcome: Fields): string {
  const held = textIn(outcome, "held");
  return held === "-" ? textsIn(outcome, "tenants").join(", ") : reasonText(held);
}

function foundText(look: Fields): string {
  const has = (name: string) => look[name] !== undefined;
  const text = (name: string) => textIn(look, name);
  const seen = momentIn(look, "seen_at");
  if (has("matched")) return `${text("tenant")}, by ${text("matched_by")} ${text("matched")}`;
  if (seen === undefined) return "nothing known";
  return [
    ...(has("tenant") ? [text("tenant")] : []),
    ...(has("shared") ? ["two tenants': decides nothing"] : []),
    ...(has("recycled") ? ["began while nobody had its number: release it"] : []),
    ...(has("creator") ? [`made by ${text("creator")}`] : []),
    ...(has("guessed") ? [`perhaps ${text("guessed")}`] : []),
    ...(has("direction") ? [text("direction")] : []),
    `named ${spanText(Date.now() - seen)} ago`,
  ].join(", ");
}

/** What is no key, such as `direction inbound`, says itself what was found. */
function lookLine(look: Fields): string {
  const what = textIn(look, "what");
  return what.includes(":") ? `     ${what}  ${foundText(look)}` : `     ${what}`;
}

function stepLines(step: Fields, index: number, paint: Paint): readonly string[] {
  const decided = step["decided"];
  const looked = listIn(step, "looked");
  const none = looked.length === 0 && decided === undefined ? paint("dim", "  does not apply") : "";
  return [
    `${String(index + 1).padStart(3)}  ${textIn(step, "rule")}${none}`,
    ...looked.map((look) => paint("dim", lookLine(look))),
    ...(isFields(decided) ? [paint("bold", `     → ${outcomeText(decided)}`)] : []),
  ];
}

function ownerLine(owner: Fields, paint: Paint): string {
  const by = `by ${textIn(owner, "matched_by")} ${textIn(owner, "matched")}`;
  const lane = owner["lane"] === undefined || owner["dropped"] === true
    ? []
    : [`into its ${textIn(owner, "lane")}`];
  const marks = [
    ...lane,
    ...(owner["immediate"] === true ? ["at once"] : []),
    ...(owner["dropped"] === true ? ["not delivered: `drop` names its type"] : []),
  ];
  return [paint("green", textIn(owner, "tenant")), by, ...marks].join("  ");
}

/** Whose it is in the end, or what would make it somebody's. */
function endLines(explained: Fields, paint: Paint): readonly string[] {
  const owners = listIn(explained, "owners");
  if (owners.length > 0) return owners.map((owner) => ownerLine(owner, paint));
  const wanted = textsIn(explained, "wanted");
  const { otherwise } = explained;
  return [
    paint("yellow", reasonText(textIn(explained, "held"))),
    ...(isFields(otherwise) ? [`after that  ${outcomeText(otherwise)}`] : []),
    ...(wanted.length === 0 ? [] : [
      "It names what the config could give to a tenant:",
      ...wanted.map((key) => `  ${key}`),
    ]),
  ];
}

function titleOf(explained: Fields): string {
  const { direction, signed_by: signer } = explained;
  return [
    textIn(explained, "type"),
    textIn(explained, "channel"),
    ...(direction === undefined ? [] : [textIn(explained, "direction")]),
    `id ${textIn(explained, "id")}`,
    `to ${textIn(explained, "path")}`,
    ...(signer === undefined ? [] : [`signed by ${textIn(explained, "signed_by")}'s own account`]),
  ].join("  ");
}

/** `from +14155550123  to +18005559876` */
function sidesLines(explained: Fields): readonly string[] {
  const sides = ["from", "to", "cc"].flatMap((side) => {
    const numbers = textsIn(explained, side);
    return numbers.length === 0 ? [] : [`${side} ${numbers.join(", ")}`];
  });
  return sides.length === 0 ? [] : [sides.join("  ")];
}

const parkedText = "It would be parked: it is not UTF-8, not one JSON object or form, nested too " +
  "deeply, or names no event";

/** The explanation of a body. */
export function explanationText(explained: Fields, paint: Paint): string {
  if (explained["parked"] === true) return parkedText;
  const steps = listIn(explained, "steps");
  return [
    titleOf(explained),
    ...sidesLines(explained),
    "",
    ...steps.flatMap((step, index) => stepLines(step, index, paint)),
    "",
    ...endLines(explained, paint),
  ].join("\n");
}

/** An event of the log: what became of it, then what would be decided now. */
export function eventText(event: Fields, paint: Paint, utc: boolean): string {
  const at = (name: string) => {
    const moment = momentIn(event, name);
    return moment === undefined ? "-" : timeText(moment, utc);
  };
  const { held, now } = event;
  const isKept = held === "recycled" || held === "expired";
  const heading = isKept
    ? "A new event like it would be decided so:"
    : "Now it would be decided so:";
  return [
    `${textIn(event, "type")}  ${textIn(event, "channel")}  id ${textIn(event, "id")}`,
    `received  ${at("received_at")}, ${textIn(event, "size")} bytes`,
    `occurred  ${at("occurred_at")}`,
    `state     ${textIn(event, "state")}`,
    ...listIn(event, "owners").map((owner) => `owner     ${ownerLine(owner, paint)}`),
    ...(typeof held === "string" ? [`held for  ${reasonText(textIn(event, "held"))}`] : []),
    ...(isFields(now) ? ["", heading, "", explanationText(now, paint)] : []),
  ].join("\n");
}
