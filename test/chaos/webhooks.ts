/**
 * What Telnyx sends in a run: calls, messages and faxes of all tenants beside each other, in the
 * order in which they occurred; some messages to two tenants, a few to nobody.
 */
import { createSamples, type Sample } from "../../src/telnyx/sample.ts";
import type { Member } from "./cast.ts";
import { type Dice, pick } from "./dice.ts";

/** One webhook, and whose it is. */
export interface Webhook {
  readonly id: string;
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly tenants: readonly string[];
  /** Equal within one call. */
  readonly call?: string;
}

type Members = readonly [Member, ...Member[]];

const nobody = "+18005579999";
const nobodysShare = 0.005;
const groupShare = 0.15;
/** Events occur a little before they are sent, a ms after each other. */
const earlierMs = 10 * 60_000;

function clock(): () => number {
  let now = Date.now() - earlierMs;
  return () => ++now;
}

/** The same message to somebody else's number as well. */
function toTwo(sample: Sample, { number }: Member): Uint8Array {
  const root = JSON.parse(new TextDecoder().decode(sample.body));
  const [first] = root.data.payload.to;
  root.data.payload.to.push({ ...first, phone_number: number });
  return new TextEncoder().encode(JSON.stringify(root));
}

function callOf({ type, body }: Sample): string | undefined {
  if (!type.startsWith("call.")) return undefined;
  return JSON.parse(new TextDecoder().decode(body)).data.payload.call_session_id;
}

function webhookOf(sample: Sample, id: string, dice: Dice, members: Members): Webhook {
  const { body, contentType, type, number } = sample;
  const owner = members.find((member) => member.number === number);
  const tenants = owner === undefined ? [] : [owner.id];
  const call = callOf(sample);
  const alone = { id, body, contentType, tenants, ...call === undefined ? {} : { call } };
  if (type !== "message.received" || owner === undefined) return alone;
  const other = pick(dice("other", id), members);
  if (dice("group", id) >= groupShare || other === owner) return alone;
  return { ...alone, body: toTwo(sample, other), tenants: [owner.id, other.id] };
}

/** So many webhooks of a seed. */
export function* webhooksOf(
  dice: Dice,
  seed: string,
  members: Members,
  count: number,
): Generator<Webhook, void, undefined> {
  const [first, ...others] = members;
  const numbers = [first.number, ...others.map(({ number }) => number)] as const;
  const now = clock();
  const owned = createSamples({ numbers, seed, now });
  const unowned = createSamples({ numbers: [nobody], seed: `${seed}/nobody`, now });
  for (let made = 0; made < count;) {
    const isNobodys = dice("nobody", made) < nobodysShare;
    const sample = isNobodys ? unowned.of("messageIn") : owned.next();
    // What has no id of its own cannot be told apart.
    if (sample.id === undefined) continue;
    made += 1;
    yield webhookOf(sample, sample.id, dice, members);
  }
}

/** One more for a tenant: that it is accepted tells poison from an endpoint that refuses all. */
export function oneMore(dice: Dice, seed: string, member: Member, round: number): Webhook {
  const numbers = [member.number] as const;
  const samples = createSamples({ numbers, seed: `${seed}/${member.id}/${round}` });
  const sample = samples.of("messageSent");
  return webhookOf(sample, sample.id ?? "", dice, [member]);
}
