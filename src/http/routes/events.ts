/** Single events: what came, whose it is and why; and whose a body would be. */
import type { Config, LiveConfig } from "../../config.ts";
import type { Engine } from "../../engine.ts";
import type { Owner } from "../../event.ts";
import type { Stored } from "../../held.ts";
import { graceMs } from "../../ownership.ts";
import {
  type AskedAbout,
  explained,
  type Grounds,
  type Sorting,
} from "../../ownership/explained.ts";
import type { TenantId } from "../../tenant.ts";
import type { Asked, Route } from "../admin.ts";
import { failed, isoOf, ok, type Reply } from "../reply.ts";

/** What these routes look at. */
export interface EventRoutesOptions {
  readonly live: LiveConfig;
  readonly engine: Engine;
  readonly sorting: (config: Config) => Sorting;
}

/** So many of the newest events are searched for an id. */
const searchedMax = 200_000;
const unknownEvent = failed(404, `no such event among the newest ${searchedMax}`);

const jsonType = "application/json";
const formType = "application/x-www-form-urlencoded";

function groundsOf({ live, engine, sorting }: EventRoutesOptions): Grounds {
  const config = live.current;
  return { config, sorting: sorting(config), known: (keys) => engine.known(keys) };
}

/** A tenant whose own Telnyx account signs for it. */
const hasOwnAccount = ({ tenants }: Config, id: TenantId): boolean =>
  (tenants.get(id)?.publicKeys.length ?? 0) > 0;

async function explainBody(options: EventRoutesOptions, asked: Asked): Promise<Reply> {
  const { query, body, contentType } = asked;
  const [path, signer] = [query.get("path"), query.get("signed_by")];
  if (signer !== null && !hasOwnAccount(options.live.current, signer)) {
    return failed(400, "signed_by must be a tenant with public_keys of its own");
  }
  const about: AskedAbout = {
    body,
    receivedAt: Date.now(),
    ...(contentType === undefined ? {} : { contentType }),
    ...(path === null ? {} : { path }),
    ...(signer === null ? {} : { signer }),
  };
  return ok(await explained(about, groundsOf(options)));
}

/** What of a stored event is not kept follows from whose it became. */
function aboutStored({ raw, form, owners, ...stored }: Stored, config: Config): AskedAbout {
  const { receivedAt } = stored.event;
  const path = stored.path ?? owners.find(({ by }) => by === "path")?.matched;
  const signer = stored.signer ??
    owners.find(({ tenant }) => hasOwnAccount(config, tenant))?.tenant;
  return {
    body: raw,
    contentType: form ? formType : jsonType,
    receivedAt,
    late: receivedAt + graceMs <= Date.now(),
    ...(path === undefined ? {} : { path }),
    ...(signer === undefined ? {} : { signer }),
  };
}

const ownerView = ({ tenant, by, matched, immediate, dropped }: Owner) => ({
  tenant,
  matched_by: by,
  matched,
  immediate,
  dropped,
});

async function eventView(stored: Stored, options: EventRoutesOptions) {
  const { event: { id, type, channel, occurredAt, receivedAt }, state, owners, why, raw } = stored;
  const about = aboutStored(stored, options.live.current);
  return {
    id,
    type,
    channel,
    state,
    occurred_at: isoOf(occurredAt),
    received_at: isoOf(receivedAt),
    owners: owners.map(ownerView),
    held: why ?? null,
    size: raw.byteLength,
    now: state === "parked" ? null : await explained(about, groundsOf(options)),
  };
}

async function oneEvent(options: EventRoutesOptions, id: string): Promise<Reply> {
  const stored = await options.engine.find(id, searchedMax);
  return stored === undefined ? unknownEvent : ok(await eventView(stored, options));
}

async function rawBody({ engine }: EventRoutesOptions, id: string): Promise<Reply> {
  const stored = await engine.find(id, searchedMax);
  if (stored === undefined) return unknownEvent;
  const { raw: bytes, form, state } = stored;
  const [type, ending] = state === "parked"
    ? ["application/octet-stream", "bin"]
    : form
    ? [formType, "form"]
    : [jsonType, "json"];
  return { attachment: { name: `event-${id}.${ending}`, type, bytes } };
}

/** `POST /explain`, `GET /events/{id}`, `GET /events/{id}/raw`. */
export function eventRoutes(options: EventRoutesOptions): readonly Route[] {
  return [
    {
      method: "POST",
      path: "/explain",
      needs: "token",
      reads: true,
      answer: (asked) => explainBody(options, asked),
    },
    {
      method: "GET",
      path: "/events/{id}",
      needs: "token",
      answer: ({ parameters: [id = ""] }) => oneEvent(options, id),
    },
    {
      method: "GET",
      path: "/events/{id}/raw",
      needs: "token",
      answer: ({ parameters: [id = ""] }) => rawBody(options, id),
    },
  ];
}
