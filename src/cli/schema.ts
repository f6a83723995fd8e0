/** `schema`: what editors and other programs need to know about the config. */
import { jsonSchema } from "../config/load.ts";
import { type Command, exits } from "./command.ts";

/** Works alone. */
export const schema: Command = {
  name: "schema",
  summary: "Print the JSON Schema of aggregator.yaml",
  examples: ["aggregator schema > aggregator.schema.json"],
  async run(_, terminal) {
    terminal.json(jsonSchema());
    return exits.done;
  },
};
