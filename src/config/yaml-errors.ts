/**
 * What is wrong with a YAML text, in our own words: the parser's sentences quote the source, and
 * what stands there may be a secret.
 */
import type { ErrorCode } from "yaml";

const meanings: Partial<Record<ErrorCode, string>> = {
  ALIAS_PROPS: "an alias can have neither an anchor nor a tag",
  BAD_ALIAS: "the name of an anchor or alias is missing, or ends in a colon",
  BAD_DIRECTIVE: "a line that begins with % is not understood: leave it out",
  BAD_DQ_ESCAPE: "a backslash between \" and \" begins no known escape: use ' and ' instead",
  BAD_INDENT: "the indentation fits nothing above it, or a bracket is not closed",
  BAD_PROP_ORDER: "an anchor must stand right before its value",
  BAD_SCALAR_START: "a value cannot begin with this character: put it in quotes",
  BLOCK_AS_IMPLICIT_KEY: "a map or list cannot begin on this line: quote a value that contains : ",
  BLOCK_IN_FLOW: "indented lines cannot stand between brackets",
  IMPOSSIBLE: "this cannot stand here",
  KEY_OVER_1024_CHARS: "a key is longer than 1024 characters",
  MISSING_CHAR: "a colon, comma, quote, bracket or space is missing",
  MULTILINE_IMPLICIT_KEY: "a key must stand on one line and be followed by a colon",
  MULTIPLE_ANCHORS: "a value can have one anchor only",
  MULTIPLE_DOCS: "a file is one document: leave the line --- out",
  RESOURCE_EXHAUSTION: "it is nested too deeply",
  TAB_AS_INDENT: "a tab cannot indent: use spaces",
  TAG_RESOLVE_FAILED: "tags are not supported: leave it out",
  UNEXPECTED_TOKEN: "something stands here that does not belong: perhaps it needs quotes",
};

/** Says what an error of the YAML parser means; its own message never gets any further. */
export function meaningOf(code: ErrorCode): string {
  return `is not valid YAML: ${meanings[code] ?? "it cannot be understood from here on"}`;
}
