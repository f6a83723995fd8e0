/**
 * The events that a 2xx answer names as not taken, as we ask for them or as AWS Lambda names them:
 *
 *     {"failures": [{"id": "…", "retry": false, "error": "…"}]}
 *     {"batchItemFailures": [{"itemIdentifier": "…"}]}
 *
 * A list that can be understood in part only is not understood at all: what else it was meant to
 * name would be lost.
 */
import type { Failure } from "../delivery.ts";
import { type Fields, isFields } from "../telnyx/fields.ts";

/** Of both lists together. */
const entriesMax = 10_000;
/** Of an event's id, in characters. */
const idLengthMax = 1_024;
/** Of what is kept of an error's text, in characters. */
const errorLengthMax = 200;

type Read = (entry: Fields) => Failure | undefined;

/** Where a field is left out some languages write null. */
const isAbsent = (value: unknown) => value === undefined || value === null;

const isId = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value.length <= idLengthMax;

function failureOf({ id, retry, error }: Fields): Failure | undefined {
  if (!isId(id)) return undefined;
  if (!isAbsent(retry) && typeof retry !== "boolean") return undefined;
  const failure = { id, retry: retry !== false };
  if (isAbsent(error)) return failure;
  if (typeof error !== "string") return undefined;
  return { ...failure, error: error.slice(0, errorLengthMax).toWellFormed() };
}

function awsFailureOf({ itemIdentifier: id }: Fields): Failure | undefined {
  return isId(id) ? { id, retry: true } : undefined;
}

/** What a list names; undefined where it is not understood. */
function namedIn(list: unknown, read: Read): readonly Failure[] | undefined {
  if (isAbsent(list) || list === false || list === 0) return [];
  if (!Array.isArray(list) || list.length > entriesMax) return undefined;
  const named: Failure[] = [];
  for (const entry of list) {
    const failure = isFields(entry) ? read(entry) : undefined;
    if (failure === undefined) return undefined;
    named.push(failure);
  }
  return named;
}

/** Each id once, in the order of first mention: who is to be sent again is not given up. */
function onceEach(failures: readonly Failure[]): readonly Failure[] {
  const byId = new Map<string, Failure>();
  for (const failure of failures) {
    const known = byId.get(failure.id);
    if (known === undefined || (failure.retry && !known.retry)) byId.set(failure.id, failure);
  }
  return [...byId.values()];
}

/** The body if it is a JSON object, else one that names nothing. */
function objectIn(body: string): Fields {
  try {
    const value: unknown = JSON.parse(body);
    return isFields(value) ? value : {};
  } catch {
    return {};
  }
}

/** What the body of a 2xx answer names, each id once; undefined: it is not understood. */
export function failuresIn(body: string): readonly Failure[] | undefined {
  const { failures, batchItemFailures } = objectIn(body);
  const own = namedIn(failures, failureOf);
  const aws = namedIn(batchItemFailures, awsFailureOf);
  if (own === undefined || aws === undefined) return undefined;
  return own.length + aws.length > entriesMax ? undefined : onceEach([...own, ...aws]);
}
