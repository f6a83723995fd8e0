/**
 * What goes wrong in a way an operator can act on. Everything else is a bug and ends the process:
 * the supervisor starts it anew, and what is recorded is safe.
 */

/** Every kind of error an operator may meet; the README explains each. */
export type ErrorCode =
  | "config" // the file, or something it refers to, cannot be used
  | "store" // the log cannot be opened, read or written
  | "store_in_use" // another daemon holds the log
  | "signing_key" // the seed of the signing keys is gone or damaged
  | "listen" // an address cannot be listened on
  | "admin" // the running daemon cannot be reached, or refused
  | "usage"; // a command was called the wrong way

/** An error whose message is written for the operator, with a code for programs. */
export class AggregatorError extends Error {
  override readonly name = "AggregatorError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The text of anything thrown, for a message of our own. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The system's own code of an error (`ENOENT`, `ECONNREFUSED`), if it has one. */
export function systemCodeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
