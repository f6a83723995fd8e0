/** What the headers of a request to a tenant say of its batch. */
import type { Delivery } from "../pipeline/attempt.ts";

/** The headers of one request. */
export type Headers = Readonly<Record<string, string | number>>;

const ageSecondsOf = (at: number) => Math.max(0, Math.round((Date.now() - at) / 1_000));

/** A header, where there is something to say. */
const named = (name: string, value: string | undefined): Headers =>
  value === undefined ? {} : { [`x-aggregator-${name}`]: value };

/** All that a batch says of itself outside its bytes. */
export function batchHeaders({ batch, attempt }: Pick<Delivery, "batch" | "attempt">): Headers {
  return {
    "x-aggregator-attempt": attempt,
    "x-aggregator-count": batch.count,
    "x-aggregator-stream": batch.stream,
    "x-aggregator-sequence": batch.sequence,
    ...named("previous-id", batch.previousId),
    "x-aggregator-reason": batch.reason,
    ...named("continues", batch.continues),
    ...named("retry-of", batch.retryOf),
    ...named("replay-of", batch.replayOf),
    "x-aggregator-age": ageSecondsOf(batch.oldestAt),
  };
}
