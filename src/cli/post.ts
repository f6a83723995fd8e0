/** Plays Telnyx: signs webhooks and posts them, over connections that are kept open. */
import http from "node:http";
import https from "node:https";
import { exchange } from "../http/exchange.ts";
import { createSigner, signedHeaders } from "../telnyx/signer.ts";
import { isFields } from "../telnyx/fields.ts";
import { printable } from "./text.ts";

/** What a webhook was answered. */
export interface Posted {
  /** Absent where no answer came. */
  readonly status?: number;
  /** The answer's own word, `queued` or `invalid signature`, or why none came. */
  readonly word: string;
  /** Whose it is, as the answer says: `unassigned` where nobody owns the number. */
  readonly tenant?: string;
  readonly tookMs: number;
}

/** Signs with one key, posts to one URL. */
export interface Poster extends Disposable {
  /** Never rejects. */
  post(body: Uint8Array, contentType: string): Promise<Posted>;
}

/** As long as Telnyx waits at most. */
const answerMsMax = 30_000;

/** What an answer's body says. */
function readAnswer(text: string | undefined): Pick<Posted, "word" | "tenant"> {
  try {
    const body: unknown = JSON.parse(text ?? "");
    const { status, error, tenant } = isFields(body) ? body : {};
    const word = status ?? error;
    return {
      word: typeof word === "string" ? printable(word) : "",
      ...(typeof tenant === "string" && { tenant: printable(tenant) }),
    };
  } catch {
    return { word: "" };
  }
}

/** The seed is Telnyx's secret key; see `publicKeyOf`. */
export function createPoster(url: URL, seed: Uint8Array, connectionsMax: number): Poster {
  const { Agent } = url.protocol === "https:" ? https : http;
  const agent = new Agent({ keepAlive: true, maxSockets: connectionsMax });
  const signer = createSigner(seed);
  return {
    async post(body, contentType) {
      const headers = {
        "content-type": contentType,
        "content-length": body.byteLength,
        "user-agent": "edge-webhook-aggregator-sample",
        ...signedHeaders(signer, body, Date.now() / 1_000),
      };
      const sent = { url, agent, headers, body, timeoutMs: answerMsMax };
      const { status, error, text, tookMs } = await exchange(sent);
      if (status === undefined) return { word: error ?? "no answer", tookMs };
      return { status, ...readAnswer(text), tookMs };
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}
