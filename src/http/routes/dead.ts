/** Dead letters: what was given up and is kept, those that died last first. */
import type { Parsed } from "../../config/units.ts";
import type { DeadLetter } from "../../delivery.ts";
import type { Route } from "../admin.ts";
import { readQuery } from "../query.ts";
import { isoOf, ok, type Reply } from "../reply.ts";
import { selected, selecting, type SelectionOptions } from "./selection.ts";

const limitUsual = 100;
const limitMax = 1_000;

type Place = Pick<DeadLetter, "at" | "ref">;

const cursorOf = ({ at, ref }: Place) => `${at}-${ref}`;

function parseCursor(text: string): Parsed<Place> {
  const [, at, ref] = /^([0-9]{1,15})-([0-9]{1,15})$/.exec(text) ?? [];
  return at === undefined
    ? { problem: "must be what the page before it has as next" }
    : { value: { at: Number(at), ref: Number(ref) } };
}

function letterView({ event, tenant, batch, reason, at, attempts }: DeadLetter) {
  const { id, type, channel, receivedAt } = event;
  return {
    id,
    type,
    channel,
    tenant,
    batch: batch ?? null,
    reason,
    died_at: isoOf(at),
    received_at: isoOf(receivedAt),
    attempts,
  };
}

async function list(options: SelectionOptions, asked: URLSearchParams): Promise<Reply> {
  const query = readQuery(asked, [...selecting, "limit", "after"]);
  const limit = query.whole("limit", limitMax) ?? limitUsual;
  const after = query.value("after", parseCursor);
  const selection = await selected(query, options);
  if ("reply" in selection) return selection.reply;
  const letters = await options.engine.dead(selection.what, limit, after);
  const last = letters.length < limit ? undefined : letters.at(-1);
  return ok({
    letters: letters.map(letterView),
    next: last === undefined ? null : cursorOf(last),
  });
}

/** `GET /dead`. */
export function deadRoutes(options: SelectionOptions): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/dead",
      needs: "token",
      answer: ({ query }) => list(options, query),
    },
  ];
}
