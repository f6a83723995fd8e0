/** One batch: what became of it, attempt by attempt, and sent again if an operator says so. */
import type { BatchStory, KeptAttempt } from "../../delivery.ts";
import type { Engine } from "../../engine.ts";
import type { Asked, Route } from "../admin.ts";
import { readQuery } from "../query.ts";
import { failed, isoOf, ok, type Reply } from "../reply.ts";
import { answerReplay, type Replays } from "./replays.ts";

/** What these routes look at. */
export interface BatchRoutesOptions {
  readonly engine: Engine;
  readonly replays: Replays;
}

const unknownBatch = failed(404, "no such batch, or it is past retention");
const onItsWay = failed(409, "this batch is still on its way: there is nothing to send again");

const attemptView = (attempt: KeptAttempt) => ({
  number: attempt.number,
  at: isoOf(attempt.startedAt),
  origin: attempt.origin,
  status: attempt.status ?? null,
  error: attempt.error ?? null,
  took_ms: Math.round(attempt.tookMs),
  verdict: attempt.verdict,
  answer: attempt.answer ?? null,
});

const storyView = (story: BatchStory) => ({
  id: story.id,
  tenant: story.tenant,
  sequence: story.sequence,
  state: story.state,
  count: story.count,
  size: story.size,
  sealed_at: isoOf(story.sealedAt),
  settled_at: isoOf(story.settledAt),
  retry_of: story.retryOf ?? null,
  replay_of: story.replayOf ?? null,
  attempts: story.attempts,
  /** The first and the last of them. */
  kept: story.kept.map(attemptView),
});

async function oneBatch({ engine }: BatchRoutesOptions, id: string): Promise<Reply> {
  const story = await engine.story(id);
  return story === undefined ? unknownBatch : ok(storyView(story));
}

async function replayBatch(
  { engine, replays }: BatchRoutesOptions,
  { parameters: [batch = ""], query: asked }: Asked,
): Promise<Reply> {
  const query = readQuery(asked, ["dry_run"]);
  const dryRun = query.flag("dry_run");
  const problem = query.problem();
  if (problem !== undefined) return failed(400, problem);
  const story = await engine.story(batch);
  if (story === undefined) return unknownBatch;
  if (story.state === "sealed") return onItsWay;
  return answerReplay(replays, { batch }, dryRun);
}

/** `GET /batches/{id}`, `POST /batches/{id}/replay`. */
export function batchRoutes(options: BatchRoutesOptions): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/batches/{id}",
      needs: "token",
      answer: ({ parameters: [id = ""] }) => oneBatch(options, id),
    },
    {
      method: "POST",
      path: "/batches/{id}/replay",
      needs: "token",
      answer: (asked) => replayBatch(options, asked),
    },
  ];
}
