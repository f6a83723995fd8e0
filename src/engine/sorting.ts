/** A config's rules as the log applies them, for those who only want to know. */
import type { Config } from "../config.ts";
import { rulesOf } from "../ownership/rules.ts";
import { createRuleBook, type RuleBook } from "./rules.ts";

/** The rules of this config. */
export function sortingOf(config: Config): RuleBook {
  const book = createRuleBook();
  book.replace(rulesOf(config));
  return book;
}
