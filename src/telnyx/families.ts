/**
 * What an event says about whose it is. The family, the first word of its type, says which fields
 * to believe; nothing is decided here, and `client_state`, which a tenant writes, is never read.
 *
 *     family      channel    numbers            which are ours
 *     call        voice      from, to           by direction, which call.initiated alone tells
 *     texml       voice      From, To           nobody tells
 *     message     messaging  from, to, cc       by direction
 *     fax         fax        from, to           by direction
 *     link        messaging  to                 none: it is the recipient
 *     10dlc, whatsapp, assistant, orders, ports → `ours`, whatever the direction
 *     verify      other      phone_number is the end user's: not read
 */
import type { Direction } from "../event.ts";
import type { Channel } from "../tenant.ts";
import { type Stage, stageOf, stateOf } from "./course.ts";
import type { Envelope } from "./envelope.ts";
import { type Expiry, expiryOf } from "./expiry.ts";
import { type Fields, nameIn } from "./fields.ts";
import { type Joins, joinsOf } from "./joins.ts";
import { idIn, idsUnder, numbersOf, partyIdsOf } from "./parties.ts";

/**
 * Everything in an event by which its owner, its place and its time may be known; lists are
 * bounded, each entry once.
 */
export interface Sighting extends Joins, Expiry {
  readonly channel: Channel;
  /** As the payload tells it, else as the type does. */
  readonly direction?: Direction;
  /** A later event of the same call may tell the direction that this one leaves open. */
  readonly tellsDirection: boolean;
  /** Numbers as `number.ts` looks them up; at most `numbersMax`, so are `to`, `cc` and `ours`. */
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly cc: readonly string[];
  /** The account's own, on whatever side. */
  readonly ours: readonly string[];
  /** The messaging profile. */
  readonly profile?: string;
  readonly connection?: string;
  /** Brand, campaign, verify profile, billing group, reference, assistant, room, order, tags. */
  readonly ids: readonly string[];
  /** A leg opens; or a leg, message or fax is over. */
  readonly stage?: Stage;
  /** Equal for the states of one outbound message to the same recipients. */
  readonly state?: string;
  /** Telnyx answered STOP, START or HELP in the profile's name. */
  readonly optOut: boolean;
}

/** What a family is, and which of its fields hold numbers of the account. */
interface Family {
  readonly channel: Channel;
  readonly ours: readonly string[];
}

const family = (channel: Channel, ...ours: readonly string[]): Family => ({ channel, ours });

const voice = family("voice");
const assistant = family("voice", "telnyx_agent_target");
const messaging = family("messaging");
const orders = family("other", "phone_numbers", "phone_number");
const unknown = family("other");

/** By the first word of the type: new types appear every few months, new families rarely. */
const families: ReadonlyMap<string, Family> = new Map([
  ["call", voice],
  ["conference", voice],
  ["streaming", voice],
  ["siprec", voice],
  ["dialogflow", voice],
  ["texml", voice],
  ["queue", voice],
  ["assistant", assistant],
  ["dynamic", assistant], // dynamic_variables
  ["message", messaging],
  ["link", messaging], // link_clicked
  // messaging-profile.…, messaging_hosted_numbers_orders.…
  ["messaging", family("messaging", "numbers", "phone_numbers")],
  ["10dlc", family("messaging", "phoneNumber", "phoneNumbers")],
  ["whatsapp", family("messaging", "phone_number")],
  ["rcs", messaging],
  ["fax", family("fax")],
  ["number", orders], // number_order.…
  ["sub", orders],
  ["inexplicit", orders],
  ["advanced", orders],
  ["hosted", orders],
  ["porting", orders],
  ["portout", orders],
]);

/** Types that tell a direction by themselves. */
const directions: ReadonlyMap<string, Direction> = new Map([
  ["message.received", "inbound"],
  ["message.sent", "outbound"],
  ["message.finalized", "outbound"],
  ["message.queued", "outbound"],
  ["message.delivered", "outbound"],
  ["message.failed", "outbound"],
  ["link_clicked", "outbound"],
  ["fax.receiving.started", "inbound"],
  ["fax.media.processing.started", "inbound"],
  ["fax.received", "inbound"],
  ["fax.queued", "outbound"],
  ["fax.media.processed", "outbound"],
  ["fax.sending.started", "outbound"],
  ["fax.delivered", "outbound"],
]);

/** The payload's words for it. */
const directionWords: ReadonlyMap<unknown, Direction> = new Map([
  ["inbound", "inbound"],
  ["incoming", "inbound"],
  ["outbound", "outbound"],
  ["outgoing", "outbound"],
]);

const idKeys: readonly string[] = [
  ...["verify_profile_id", "billing_group_id", "customer_reference", "assistant_id", "room_id"],
  ...["brandId", "brand_id", "tcrBrandId", "campaignId", "campaign_id", "tcrCampaignId"],
  ...["tcr_campaign_id", "waba_id", "sim_card_id", "sim_card_group_id"],
  ...["order_id", "advanced_order_id", "sub_number_order_id", "porting_order_id", "portout_id"],
  "tags",
];

/** Elsewhere than in voice, messages and faxes `id` is an order's, and `profile_id` verify's. */
const otherIdKeys: readonly string[] = [...idKeys, "id", "profile_id"];

const none: readonly string[] = [];

/** The first word: letters and digits up to `.`, `_` or `-`. */
function familyOf(type: string): Family {
  const end = type.search(/[^A-Za-z0-9]/);
  return families.get(end < 0 ? type : type.slice(0, end)) ?? unknown;
}

function profileOf(channel: Channel, payload: Fields): string | undefined {
  const profile = nameIn(payload.messaging_profile_id);
  return profile ?? (channel === "messaging" ? nameIn(payload.profile_id) : undefined);
}

function idsOf(channel: Channel, payload: Fields): readonly string[] {
  const ids = idsUnder(payload, channel === "other" ? otherIdKeys : idKeys);
  return [...ids, ...partyIdsOf(payload.from, payload.to)];
}

/** In the making: what an event does not tell has no key. */
type Draft = { -readonly [Name in keyof Sighting]: Sighting[Name] };

function addTold(sight: Draft, envelope: Envelope): void {
  const { type, payload } = envelope;
  const direction = directionWords.get(payload.direction) ?? directions.get(type);
  if (direction !== undefined) sight.direction = direction;
  const profile = profileOf(sight.channel, payload);
  if (profile !== undefined) sight.profile = profile;
  const connection = idIn(payload.connection_id ?? payload.ConnectionId);
  if (connection !== undefined) sight.connection = connection;
  const stage = stageOf(type);
  if (stage !== undefined) sight.stage = stage;
  const state = stateOf(envelope);
  if (state !== undefined) sight.state = state;
}

/** Reads everything at once; costs a few microseconds. */
export function sightOf(envelope: Envelope): Sighting {
  const { type, payload } = envelope;
  const { channel, ours } = familyOf(type);
  const sight: Draft = {
    ...joinsOf(envelope, channel),
    channel,
    tellsDirection: type.startsWith("call."),
    from: numbersOf(payload.from ?? payload.From),
    to: numbersOf(payload.to ?? payload.To),
    cc: numbersOf(payload.cc),
    ours: ours.length === 0 ? none : numbersOf(...ours.map((key) => payload[key])),
    ids: idsOf(channel, payload),
    optOut: type === "message.received" && nameIn(payload.autoresponse_type) !== undefined,
  };
  addTold(sight, envelope);
  return Object.assign(sight, expiryOf(envelope, channel, sight.direction));
}
