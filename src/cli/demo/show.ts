/** What the demo looks like. */
import type { Arrival } from "./backend.ts";
import { typesText } from "../payload.ts";
import { type Colour, createPaint, jsonText, printable, shortened } from "../text.ts";
import type { Terminal } from "../terminal.ts";

/** Says things. */
export interface Show {
  begin(webhooks: string, admin: string, token: string): void;
  story(number: number, text: string): void;
  seen(text: string): void;
  missed(text: string): void;
  arrival(arrival: Arrival): void;
  say(text: string): void;
}

const width = 98;
const margin = "  ";
const nameWidth = 8;
/** Of each payload. */
const eventsShownMax = 2;

const tenantColours: Readonly<Record<string, Colour>> = {
  acme: "cyan",
  globex: "magenta",
  initech: "yellow",
};

function headOf({ payload, attempt, signatures, status }: Arrival): string {
  const { sequence, id, reason, count } = payload;
  const events = `${count} event${count === 1 ? "" : "s"}`;
  const verified = signatures.length > 0 ? "signature ✓" : "signature ✗";
  const answer = status === 200 ? "" : `  → ${status}`;
  return `#${sequence}  ${id}  ${reason}  ${events}  attempt ${
    printable(attempt)
  }  ${verified}${answer}`;
}

/** Writes to this terminal. */
export function createShow({ print, colours }: Terminal): Show {
  const paint = createPaint(colours);
  const inner = margin + " ".repeat(nameWidth);
  return {
    begin(webhooks, admin, token) {
      print(paint("bold", "Edge Webhook Aggregator, the main job on this machine alone"));
      print(`${margin}webhooks  ${webhooks}`);
      print(`${margin}admin     ${admin}  token ${token}`);
      print(`${margin}tenants   acme and globex, each with a backend that verifies what it gets`);
    },
    story: (number, text) => print(`\n${paint("bold", `${number}  ${text}`)}`),
    seen: (text) => print(`${margin}${paint("green", `✓ ${text}`)}`),
    missed: (text) => print(`${margin}${paint("red", `✗ ${text}`)}`),
    arrival(arrival) {
      const { tenant, payload, status } = arrival;
      const name = paint(tenantColours[tenant] ?? "blue", tenant.padEnd(nameWidth));
      const head = headOf(arrival);
      print(`${margin}${name}${status === 200 ? head : paint("red", head)}`);
      if (status !== 200) return;
      print(inner + shortened(typesText(payload.types), width - inner.length));
      for (const event of payload.events.slice(0, eventsShownMax)) {
        print(paint("dim", inner + shortened(jsonText(event, 0), width - inner.length)));
      }
      const more = payload.events.length - eventsShownMax;
      if (more > 0) print(paint("dim", `${inner}… and ${more} more`));
    },
    say: (text) => print(text),
  };
}
