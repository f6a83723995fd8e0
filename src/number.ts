/**
 * Telephone numbers as people and Telnyx write them, brought to one form. The config and the events
 * go through the same function, so what looks alike to a reader is alike to the directory.
 *
 *     "+1 (800) 555-9876"  →  +18005559876          "12345"             →  12345 (short code)
 *     "18005559876"        →  +18005559876          "INFO"              →  INFO (sender's name)
 *     "+1312555*"          →  +1312555 (prefix)     "sip:bob@X.org;a=b" →  bob@x.org
 */

/** A number in its one form; `prefix`: it stands for every number that begins with it. */
export interface ParsedNumber {
  readonly number: string;
  readonly prefix: boolean;
}

/** What is wrong with a number and what would be right; repeats nothing of the number. */
export interface NumberProblem {
  readonly problem: string;
}

/** Longer texts are not read at all. */
const textLengthMax = 256;
/** E.164. */
const digitsMax = 15;
/** The shortest numbers in use with a country code: three digits and four. */
const digitsMin = 7;

/** Marks of direction and width that come along when a number is copied. */
const invisible = /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;
const separators = /[\s().\-\/\u2010-\u2015]/g;
/** GSM allows eleven characters; at least one of them a letter. */
const senderName = /^(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9 &._-]{0,10}$/;
const nobody = /^(anonymous|restricted|unavailable|unknown|private|blocked|withheld)$/i;

const problem = (text: string): NumberProblem => ({ problem: text });
const exact = (number: string): ParsedNumber => ({ number, prefix: false });

/** A number, short code, sender's name or SIP address; a trailing `*` makes a prefix. */
export function parseNumber(text: string): ParsedNumber | NumberProblem {
  if (text.length > textLengthMax) return problem("is too long for a number");
  const trimmed = text.replace(invisible, "").trim();
  if (trimmed === "") return problem('is empty: write a number such as "+18005559876"');
  if (nobody.test(trimmed)) return problem("names nobody: callers who hide their number have it");
  if (trimmed.endsWith("*")) return parsePrefix(trimmed.slice(0, -1));
  if (/^tel:/i.test(trimmed)) return parseDigits(trimmed.slice(4).replace(/;.*$/s, ""));
  if (/sips?:|@/i.test(trimmed)) return parseSip(trimmed);
  return /[A-Za-z]/.test(trimmed) ? parseSender(trimmed) : parseDigits(trimmed);
}

function parseDigits(text: string): ParsedNumber | NumberProblem {
  if (/\(0\)/.test(text)) {
    return problem('has "(0)", which is not dialled from abroad: leave it out');
  }
  const compact = text.replace(separators, "");
  if (!/^\+?[0-9]+$/.test(compact)) {
    return problem('is not a number: write it with its country code, such as "+18005559876"');
  }
  return compact.startsWith("+") ? international(compact.slice(1)) : national(compact);
}

function international(digits: string): ParsedNumber | NumberProblem {
  if (digits.startsWith("0")) return problem("begins with 0: write + and the country code");
  if (digits.length > digitsMax) return problem(`has more than ${digitsMax} digits`);
  if (digits.length < digitsMin) {
    return problem("is too short for a country code and a number: a short code has no +");
  }
  return exact(`+${digits}`);
}

function national(digits: string): ParsedNumber | NumberProblem {
  if (digits.length >= 3 && digits.length <= 8) return exact(digits);
  if (digits.length < 3) return problem("is too short: a short code has 3 to 8 digits");
  if (digits.startsWith("00")) return problem("begins with 00: write + instead");
  if (digits.length === 10) {
    return problem('has no country code: write it with one, such as "+1 800 555 9876"');
  }
  if (digits.length === 9) {
    return problem('has no country code: write it with one, such as "+44 20 7946 0958"');
  }
  return international(digits);
}

function parsePrefix(text: string): ParsedNumber | NumberProblem {
  const compact = text.replace(separators, "");
  if (!/^\+[1-9][0-9]*$/.test(compact)) {
    return problem('is not a prefix: write + and the first digits, such as "+1312555*"');
  }
  if (compact.length > digitsMax) return problem(`has more than ${digitsMax} digits`);
  return { number: compact, prefix: true };
}

function parseSender(text: string): ParsedNumber | NumberProblem {
  if (senderName.test(text)) return exact(text);
  return problem("is neither a number nor a sender's name (at most 11 letters, digits and spaces)");
}

function parseSip(text: string): ParsedNumber | NumberProblem {
  const inner = (/<([^<>]*)>/.exec(text)?.[1] ?? text).replace(/^sips?:/i, "");
  const parts = /^([^@]+)@(\[[0-9a-f:.]+\]|[^\s@:;?<>\[\]]+)(?:[:;?].*)?$/is.exec(inner);
  const user = parts && decoded((parts[1] ?? "").replace(/[;:].*$/s, ""));
  if (!parts || !user || /[\s@<>"]/.test(user)) {
    return problem('is not a SIP address: write it as "sip:user@host"');
  }
  if (nobody.test(user)) return problem("names nobody: callers who hide their number have it");
  return exact(`${user}@${(parts[2] ?? "").toLowerCase()}`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What to look up for what an event names, strongest first; none for "anonymous" and the like. */
export function numbersIn(text: string): readonly string[] {
  const parsed = parseNumber(text);
  if ("problem" in parsed || parsed.prefix) return [];
  const at = parsed.number.lastIndexOf("@");
  if (at < 0) return [parsed.number];
  const user = parseNumber(parsed.number.slice(0, at));
  // An extension of some switchboard is not somebody's short code: only full numbers count.
  const isFull = "number" in user && !user.prefix && user.number.startsWith("+");
  return isFull ? [parsed.number, user.number] : [parsed.number];
}

/** For people: the last four digits, of short ones and of names nothing. */
export function maskNumber(text: string): string {
  const digits = text.replace(/[@;].*$/s, "").replace(/[^0-9]/g, "");
  return digits.length > 4 ? `•••${digits.slice(-4)}` : "•••";
}
