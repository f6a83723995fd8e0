/**
 * What a sample of Telnyx's tells, written down by reading it. Whatever an expectation does not say
 * is not told: a number that it does not name must not be seen.
 */
import type { Key, KeyKind } from "../../../src/event.ts";
import type { Sighting } from "../../../src/telnyx/families.ts";

/** Of one file. */
export interface Expectation extends Partial<Sighting> {
  /** Telnyx's own; `hash`: it gives none, and the event is known by its content. */
  readonly id: string;
  /** Where it is not the name of the file. */
  readonly type?: string;
}

/** By the file's name, such as `voice/call.hold.json`. */
export type Expectations = Readonly<Record<string, Expectation>>;

/** An expectation whose sides have one number each, as most have. */
export interface Told extends Omit<Expectation, "from" | "to"> {
  readonly from?: string;
  readonly to?: string;
}

/** An event of a call. */
export interface Legs extends Told {
  readonly leg?: string;
  readonly control?: string;
  readonly session?: string;
}

export const at = (time: string): number => Date.parse(time);

/** One of Telnyx's examples has the same ids in most places. */
export const exampleId = "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0";
export const leg = "428c31b6-7af4-4bcb-b7f5-5013ef9657c1";
export const session = "428c31b6-abf3-3bc1-b7f4-5013ef9657c1";
export const connection = "7267xxxxxxxxxxxxxx";
export const example = { id: exampleId, leg, session: leg, connection };
export const v1 = "AgDIxmoRX6QMuaIj_uXRXnPAXP0QlNfX";
export const v2 = "v2:T02llQxIyaRkhfRKxgAP8nY511EhFLizdvdUKJiSw8d6A9BborherQ";
export const v3 = "v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw2axZ_IiE4pqg";

/** These keys, without those whose ids are not there. */
export function keys(...named: readonly (readonly [KeyKind, string | undefined])[]): Key[] {
  return named.flatMap(([kind, id]): Key[] => id === undefined ? [] : [`${kind}:${id}`]);
}

export function sided({ from, to, ...told }: Told): Expectation {
  return {
    ...told,
    ...(from !== undefined && { from: [from] }),
    ...(to !== undefined && { to: [to] }),
  };
}

/** The leg and session that an event names, about which it need not be. */
export function joined({ leg, control, session, ...told }: Legs): Expectation {
  const legs = keys(["call_leg_id", leg], ["call_control_id", control]);
  const sessions = keys(["call_session_id", session]);
  return { channel: "voice", legs, sessions, ...sided(told) };
}

/** About its call: the session, or the leg where no session is named. */
export function media(told: Legs): Expectation {
  const expected = joined(told);
  const call = expected.sessions?.[0] ?? expected.legs?.[0];
  return call === undefined ? expected : { ...expected, about: call, call };
}

/** A message's or fax's only key, which is what the event is about. */
export function keyed(kind: KeyKind, id: string | undefined): Partial<Expectation> {
  const [about] = keys([kind, id]);
  return about === undefined ? {} : { legs: [about], about };
}
