/**
 * The entries of `phone_numbers`: a number alone, or a map where more is to be said of it.
 */
import type { OwnedNumber } from "../tenant.ts";
import { never } from "./json.ts";
import { date, id, phoneNumber } from "./kinds.ts";
import { either, object } from "./maps.ts";
import { about, type Field, type Located, located } from "./schema.ts";
import { optional, type ValueOf } from "./schema.ts";

const asMap = object({
  number: about("A number, prefix, short code or SIP address", located(phoneNumber)),
  sender: about("A sender's name, which others may have too", located(phoneNumber)),
  messaging_profile_id: about("The messaging profile that goes with the sender", optional(id)),
  from: about("The tenant has it from this moment on", optional(date)),
  until: about("The tenant has it until this moment", optional(date)),
});

type Owned = Located<OwnedNumber> | undefined;

const isName = ({ number }: OwnedNumber) => /^[^+@]*[A-Za-z]/.test(number) && !number.includes("@");

/** What is wrong with a map as a whole. */
function problemOf({ number, sender, ...rest }: ValueOf<typeof asMap>): string | undefined {
  const { from = -Infinity, until = Infinity } = rest;
  if (from >= until) return '"from" must be before "until"';
  if (number && sender) return 'must have either "number" or "sender", not both';
  if (!sender) {
    const isPaired = number && rest.messaging_profile_id !== undefined;
    return isPaired ? '"messaging_profile_id" goes with "sender" only' : undefined;
  }
  if (!isName(sender.value)) return '"sender" must be a name with letters: use "number"';
  return rest.messaging_profile_id === undefined
    ? '"sender" needs "messaging_profile_id": a sender\'s name is not unique'
    : undefined;
}

/** What a map says besides the number itself. */
function more({ from, messaging_profile_id, until }: ValueOf<typeof asMap>): Partial<OwnedNumber> {
  return {
    ...(messaging_profile_id === undefined ? {} : { messagingProfileId: messaging_profile_id }),
    ...(from === undefined ? {} : { fromAt: from }),
    ...(until === undefined ? {} : { untilAt: until }),
  };
}

const mapped: Field<Owned> = {
  fallback: undefined,
  json: {
    ...asMap.json,
    type: "object",
    anyOf: [
      { required: ["number"], properties: { sender: never, messaging_profile_id: never } },
      { required: ["sender", "messaging_profile_id"], properties: { number: never } },
    ],
  },
  read(tree, base, at) {
    const values = asMap.read(tree, asMap.fallback, at);
    const isWritten = tree.kind === "map" &&
      (tree.entries.has("number") || tree.entries.has("sender"));
    const problem = isWritten ? problemOf(values) : 'must have "number" or "sender"';
    if (problem) at.problem(tree.place, problem);
    const owned = values.number ?? values.sender;
    if (owned === undefined) return base;
    return { value: { ...owned.value, ...more(values) }, place: owned.place, field: at.field };
  },
};

/** One entry of `phone_numbers`. */
export const numbers: Field<Owned> = either(mapped, located(phoneNumber));
