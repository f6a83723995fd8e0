/**
 * What a backend echoes of what only it may know is not kept: answers are shown to people and
 * written to the log, and a page that lists the request's headers is a common answer to a mistake.
 */

/** Shorter ones would hide what only looks like them. */
const secretLengthMin = 6;
const hidden = "•••";

/** `Bearer abc…` and `abc…`; `whsec_abc…` and `abc…`. */
function formsOf(value: string): readonly string[] {
  const [, bare] = /^(?:whsec_|[A-Za-z][\w-]* +)(\S.*)$/.exec(value) ?? [];
  return bare === undefined ? [value] : [value, bare];
}

/** Where one begins that the end of the text cuts off; its length where there is none. */
function cutAt(text: string, secret: string): number {
  const last = text.length - secretLengthMin;
  for (let at = Math.max(0, text.length - secret.length + 1); at <= last; at++) {
    if (secret.startsWith(text.slice(at))) return at;
  }
  return text.length;
}

function without(text: string, secret: string): string {
  const rest = text.replaceAll(secret, hidden);
  const end = cutAt(rest, secret);
  return end === rest.length ? rest : `${rest.slice(0, end)}${hidden}`;
}

/** The beginning of an answer, without these and the beginning of one where it is cut off. */
export function concealed(text: string, secrets: readonly string[]): string {
  return secrets.flatMap(formsOf)
    .filter(({ length }) => length >= secretLengthMin)
    .sort((one, other) => other.length - one.length)
    .reduce(without, text);
}
