/**
 * Text for a terminal. Whatever came from outside goes through `printable` first: it can neither
 * move the cursor nor turn the direction of what follows.
 */

/** Controls (C0, C1), format and direction marks, separators, halves of characters. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Foreign text as it may stand on a terminal. */
export function printable(text: string): string {
  return text.replace(unprintable, "\ufffd");
}

/** Foreign text of several lines. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** JSON whose strings have every such character escaped. */
export function jsonText(value: unknown, indent = 2): string {
  const escape = (found: string) =>
    found.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join(
      "",
    );
  const text = JSON.stringify(value, null, indent) ?? "null";
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (found) => found === "\n" ? found : escape(found),
  );
}

/** Cut to a width, with an ellipsis where something was cut. */
export function shortened(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join("")}…`;
}

const twoDigits = (value: number) => String(value).padStart(2, "0");

function offsetText(minutes: number): string {
  const ahead = Math.abs(minutes);
  const sign = minutes < 0 ? "-" : "+";
  return `${sign}${twoDigits(Math.floor(ahead / 60))}:${twoDigits(ahead % 60)}`;
}

/** `2026-11-20 08:30:05 +01:00`, or in UTC `2026-11-20 07:30:05Z`. */
export function timeText(at: number, utc: boolean): string {
  const offset = utc ? 0 : -new Date(at).getTimezoneOffset();
  const text = new Date(at + offset * 60_000).toISOString().slice(0, 19).replace("T", " ");
  return utc ? `${text}Z` : `${text} ${offsetText(offset)}`;
}

/** The time alone within a day of `now`, else the date: for a column of a table. */
export function shortTimeText(at: number, now: number, utc: boolean): string {
  const [date = "", ...time] = timeText(at, utc).split(" ");
  return Math.abs(now - at) < 86_400_000 ? time.join(" ") : date;
}

const spans: readonly (readonly [string, number])[] = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
];

/** `45s`, `3m 20s`, `2h 5m`, `4d 1h`: two units at most. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const first = spans.findIndex(([, length]) => seconds >= length);
  const [unit, length] = spans[first] ?? ["s", 1];
  const [nextUnit, nextLength] = spans[first + 1] ?? ["s", 1];
  const rest = Math.floor((seconds % length) / nextLength);
  const whole = `${Math.floor(seconds / length)}${unit}`;
  return first < 0 || rest === 0 ? whole : `${whole} ${rest}${nextUnit}`;
}

/** The width that tables keep to, if nothing else is said. */
const tableWidthMax = 80;
const firstWidthMin = 8;

const widthOf = (text: string) => [...text].length;
const isNumeric = (text: string) => /^-?[0-9][0-9.,]*%?$/.test(text);

/** Columns under a heading, numbers to the right; the first one gives way where it is too wide. */
export function table(
  rows: readonly (readonly string[])[],
  widthMax: number = tableWidthMax,
): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const cell = (row: readonly string[], column: number) => row[column] ?? "";
  const widths = Array.from(
    { length: columns },
    (_, column) => Math.max(...rows.map((row) => widthOf(cell(row, column)))),
  );
  const others = widths.slice(1).reduce((sum, width) => sum + width + 2, 0);
  widths[0] = Math.min(widths[0] ?? 0, Math.max(firstWidthMin, widthMax - others));
  const right = widths.map((_, column) =>
    rows.length > 1 && rows.slice(1).every((row) => isNumeric(cell(row, column)))
  );
  const padded = (text: string, column: number) => {
    const width = widths[column] ?? 0;
    const short = shortened(text, width);
    const space = " ".repeat(width - widthOf(short));
    return right[column] ? space + short : short + space;
  };
  return rows
    .map((row) => widths.map((_, column) => padded(cell(row, column), column)).join("  ").trimEnd())
    .join("\n");
}

const colourCodes = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
};

/** The colours there are. */
export type Colour = keyof typeof colourCodes;

/** Paints, or not. */
export type Paint = (colour: Colour, text: string) => string;

/** A painter; without colours it gives the text back. */
export function createPaint(colours: boolean): Paint {
  return (colour, text) => colours ? `\u001b[${colourCodes[colour]}m${text}\u001b[0m` : text;
}
