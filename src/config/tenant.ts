/**
 * What `aggregator.yaml` may say of a tenant, and the part of it that `defaults` may say for all.
 */
import { type Channel, channels } from "../tenant.ts";
import { headerNameJson, headerNameProblem, headerValue } from "./headers.ts";
import * as kind from "./kinds.ts";
import { object, record } from "./maps.ts";
import { numbers } from "./numbers.ts";
import { rates } from "./rates.ts";
import { about, checked, list, located, locatedScalar, needed, optional } from "./schema.ts";
import { scalar, type ValueOf } from "./schema.ts";
import { url } from "./url.ts";

/** What a call-control application must answer within seconds. */
const immediateTypes = [
  "call.initiated",
  "call.answered",
  "call.bridged",
  "call.hangup",
  "call.dtmf.*",
  "call.*gather.ended",
  "call.machine.*",
  "call.speak.ended",
  "call.playback.ended",
  "call.enqueued",
  "call.dequeued",
  "call.refer.*",
  "call.payment.*",
  "conference.participant.*",
  "streaming.failed",
];

// Few stars: matching stays linear whatever an event's type is.
const eventType = kind.text(
  'an event type such as "call.initiated" or "call.*"',
  /^(?=(?:[^*]*\*){0,4}[^*]*$)[A-Za-z0-9_.*-]{1,128}$/,
);

const eventTypes = (written: readonly string[]) =>
  list(optional(eventType), { fallback: written, written, defaults: true });

// No wait may exceed 2³¹-1 ms: timers would fire at once. A day is far below.
const window = object({
  max_wait: about(
    "Closes this long after its first event",
    scalar(kind.duration("1ms", "1d"), "5s"),
  ),
  max_events: about("Closes with so many events", scalar(kind.integer(1, 10_000), "100")),
  max_bytes: about("Closes with so many bytes", scalar(kind.size("4KiB", "64MiB"), "256KiB")),
  session: about(
    "Makes a payload of its own of every call or message",
    scalar(kind.oneOf("none", "call", "message"), "none"),
  ),
  linger: about(
    "A session waits so long for what comes after its end",
    scalar(kind.duration("0s", "1d"), "30s"),
  ),
  max_age: about("A session lasts no longer", scalar(kind.duration("1s", "7d"), "4h")),
  compact: about(
    "Of a message's states that wait together only the last is sent",
    scalar(kind.boolean, "false"),
  ),
});

const retry = checked(
  object({
    first: about("The wait before the second attempt", scalar(kind.duration("10ms", "1h"), "2s")),
    max: about("No wait is longer", scalar(kind.duration("10ms", "1d"), "1m")),
    for: about("Given up after so long", scalar(kind.duration("1s", "365d"), "72h")),
  }),
  ({ first, max }) => first > max ? '"first" must not be longer than "max"' : undefined,
);

const delivery = object({
  timeout: about("For one request", scalar(kind.duration("100ms", "10m"), "15s")),
  in_flight: about(
    "Requests at once; 1 keeps batches in order",
    scalar(kind.integer(1, 256), "1"),
  ),
  retry: about("When an attempt has failed", retry),
  rate: about("Requests in a time, such as 20/s; or a map, for events too", rates),
  gzip: about("Compresses payloads", scalar(kind.boolean, "false")),
  catch_up: about(
    "What goes first after an outage",
    scalar(kind.oneOf("live_first", "oldest_first"), "live_first"),
  ),
  include_signatures: about(
    "Telnyx's own signature of every event, in routing",
    locatedScalar(kind.boolean, "false"),
  ),
});

const gathering = {
  window: about("When a batch is closed: at the first of these", window),
  immediate: about(
    "Event types that close the window at once (none in sessions); default is the default list",
    eventTypes(immediateTypes),
  ),
  drop: about("Event types that are recorded and not delivered", eventTypes([])),
  format: about(
    "The shape of a payload",
    locatedScalar(
      kind.oneOf("envelope", "array", "ndjson", "cloudevents", "single"),
      "envelope",
    ),
  ),
  delivery: about("How batches are sent", delivery),
};

/** What every tenant starts from. */
export const defaultsDefinition = object(gathering);

const headers = record(
  optional(kind.secret("visible characters", headerValue)),
  { json: headerNameJson, problem: headerNameProblem, formOf: (name) => name.toLowerCase() },
);

const channelList = list<Channel>(optional(kind.oneOf(...channels)), {
  fallback: channels,
  written: channels,
  filled: "must name a channel: leave it out for all of them",
});

/** One tenant; whatever `defaults` has, over the defaults. */
export const tenantDefinition = object({
  phone_numbers: about("The tenant's numbers; +1312555* is all that begin so", list(numbers)),
  connection_ids: about("Telnyx's connections of the tenant", list(located(kind.id))),
  messaging_profile_ids: about("Its messaging profiles", list(located(kind.id))),
  ids: about("Any other Telnyx id or tag of the tenant", list(located(kind.id))),
  channels: about("What it gets of its numbers and ids", channelList),
  public_keys: about(
    "Of a Telnyx account of its own: only these keys, and only for it",
    list(located(kind.publicKey)),
  ),
  callback_url: about(
    "Where its batches go: public https",
    needed(located(url), "is missing: the tenant's events need somewhere to go"),
  ),
  failover_url: about("Where they go while that fails", located(url)),
  secrets: about(
    "Replaces the derived signing secret; several while rotating",
    list(optional(kind.webhookSecret)),
  ),
  secret_version: about(
    "Raising it makes another derived secret; the one before signs too for 24 h",
    scalar(kind.integer(1, 1_000_000), "1"),
  ),
  headers: about("Request headers to add", headers),
  paused: about("Keeps its events and sends nothing", scalar(kind.boolean, "false")),
  ...gathering,
});

/** What a tenant's part of the file says. */
export type TenantValues = ValueOf<typeof tenantDefinition>;
