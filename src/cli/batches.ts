/** `batches`: what became of a batch. */
import type { Command } from "./command.ts";
import { printStory } from "./story.ts";

/** Asks the daemon. */
export const batches: Command = {
  name: "batches",
  summary: "Show what became of a batch, attempt by attempt",
  about:
    `ID is its webhook-id, such as bat_01JD3Q8W6ZK4M2N9P7R5T1V3X0. Of its attempts the first 5 and
the last 20 are kept, with the beginning of what was answered. A batch is kept as long as its
events.`,
  takes: ["ID"],
  examples: ["aggregator batches bat_01JD3Q8W6ZK4M2N9P7R5T1V3X0"],
  run: (given, terminal) => printStory(given.operands[0] ?? "", given, terminal),
};
