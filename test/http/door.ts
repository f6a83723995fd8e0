/** A door on a real socket, behind which a test stands instead of the pipeline. */
import { randomBytes } from "node:crypto";
import { Agent } from "node:http";
import { createInbox } from "../../src/http/inbox.ts";
import { createIntake, type IntakeOptions } from "../../src/http/intake.ts";
import type { Answer, Inbound } from "../../src/pipeline/inbound.ts";
import type { SkewWatch } from "../../src/pipeline/skew.ts";
import type { Fact } from "../../src/telemetry.ts";
import { createSigner, signedHeaders } from "../../src/telnyx/signer.ts";
import { ask, configWith, listen, shortPatience } from "./shared.ts";

/** Signs as Telnyx does. */
export const signer = createSigner(randomBytes(32));
/** What the pipeline answers. */
export const queued: Answer = { status: 200, body: { status: "queued", tenant: "acme" } };
/** A clock that nobody doubts. */
export const calm: SkewWatch = { admits: () => false, saw: () => {}, suspect: () => false };

/** Opens one. */
export async function openDoor(more: Partial<IntakeOptions> = {}) {
  const { config = () => configWith() } = more;
  const inbox = createInbox(() => config().limits);
  const facts: Fact[] = [];
  const came: Inbound[] = [];
  const handle = createIntake({
    config,
    inbox,
    skew: calm,
    accept(inbound) {
      came.push(inbound);
      inbound.answer(queued);
      return true;
    },
    closed: () => undefined,
    state: (fact) => void facts.push(fact),
    ...more,
  });
  const server = await listen(handle, shortPatience);
  const { port } = server;
  const agent = new Agent({ keepAlive: true });
  const seconds = () => Date.now() / 1_000;
  return {
    port,
    inbox,
    facts,
    came,
    /** A webhook with well-formed headers. */
    post: (path = "/webhooks/ingest", text = "{}", offBy = 0, headers = {}) => {
      const body = new TextEncoder().encode(text);
      const signed = signedHeaders(signer, body, seconds() + offBy);
      return ask({ port, agent, method: "POST", path, body, headers: { ...signed, ...headers } });
    },
    ask: (options: Omit<Parameters<typeof ask>[0], "port">) => ask({ port, agent, ...options }),
    async [Symbol.asyncDispose]() {
      agent.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}

const signedLines = () =>
  Object.entries(signedHeaders(signer, new Uint8Array(), Date.now() / 1_000))
    .map(([name, value]) => `${name}: ${value}\r\n`).join("");
/** The beginning of a webhook with well-formed headers, as it goes over the wire. */
export const opening = () => `POST /webhooks/x HTTP/1.1\r\nhost: x\r\n${signedLines()}`;
