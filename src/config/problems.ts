/**
 * Everything wrong with a config is collected, not thrown, and told at once. What is quoted is
 * short, printable and without telephone numbers; secrets never come here at all.
 */
import { isIP } from "node:net";
import type { Problem } from "../config.ts";
import { maskNumber } from "../number.ts";
import type { Place } from "./tree.ts";

const shownLengthMax = 60;
/** More would not be read; a file with more mistakes has one cause. */
const problemsMax = 100;

const date = /^[0-9]{4}-(0[1-9]|1[0-2])-[0-3][0-9]( [0-9]{2})?$/;
const unit = /^(ms|[smhd]|B|[KMGT]iB)(?![A-Za-z0-9])/;

/** A run of digits as it may be shown: it is a telephone number unless it is plainly not. */
function masked(run: string, offset: number, text: string): string {
  const isAmount = /^[0-9]+$/.test(run) && unit.test(text.slice(offset + run.length));
  const isNumber = run.replace(/[^0-9]/g, "").length >= 7 && isIP(run) === 0;
  return isNumber && !isAmount && !date.test(run) ? maskNumber(run) : run;
}

/** Foreign text as it may stand in a problem. */
export function shown(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ")
    .replace(/\+?[0-9][0-9 ().-]{5,}[0-9]/g, masked);
  return clean.length > shownLengthMax ? `${clean.slice(0, shownLengthMax)}…` : clean;
}

/**
 * A key as it may stand in a problem: only its first word, because in `{ token:sk_… }`, where a
 * space is missing, the value is a part of the key.
 */
export function shownKey(key: string): string {
  const [name = ""] = key.split(/[:=\s]/);
  return shown(name === key ? key : `${name}…`);
}

/** Collects problems. */
export interface Problems {
  add(place: Place, field: string | undefined, message: string): void;
  readonly found: boolean;
  /** In the order of files and lines, each once. */
  list(): readonly Problem[];
}

function problemAt(place: Place, field: string | undefined, message: string): Problem {
  const named = field ? { field, message } : { message };
  return { file: place.file, ...place.position(), ...named };
}

/** By file as they came up, then by line. */
function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const files = [...new Set(problems.map(({ file }) => file))];
  return problems.toSorted((a, b) =>
    files.indexOf(a.file) - files.indexOf(b.file) ||
    (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)
  );
}

/** An empty collection; beyond a hundred only the number of further problems is told. */
export function collectProblems(): Problems {
  const byText = new Map<string, Problem>();
  let more = 0;
  return {
    add(place, field, message) {
      const problem = problemAt(place, field, message);
      const text = JSON.stringify(problem);
      if (byText.size < problemsMax) byText.set(text, problem);
      else if (!byText.has(text)) more += 1;
    },
    get found() {
      return byText.size > 0;
    },
    list() {
      const sorted = inOrder([...byText.values()]);
      const last = sorted.at(-1);
      if (last === undefined || more === 0) return sorted;
      return [...sorted, { file: last.file, message: `has ${more} more problems` }];
    },
  };
}

/** Edits between two words: insert, delete, replace, swap neighbours. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(Math.min(
        (row[j - 1] ?? 0) + 1,
        (last[j] ?? 0) + 1,
        (last[j - 1] ?? 0) + same,
        swapped && i > 1 && j > 1 ? (before[j - 2] ?? 0) + 1 : Infinity,
      ));
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

const plain = (word: string) => word.toLowerCase().replace(/[_\s-]/g, "");

/** `; did you mean "callback_url"?` where one of the known words is near, else nothing. */
export function didYouMean(word: string, known: Iterable<string>): string {
  let best = "";
  let least = Infinity;
  if (word.length <= shownLengthMax) {
    for (const candidate of known) {
      const edits = distance(plain(word), plain(candidate));
      if (edits < least && edits <= Math.max(1, Math.floor(candidate.length / 3))) {
        [best, least] = [candidate, edits];
      }
    }
  }
  return best === "" ? "" : `; did you mean "${best}"?`;
}
