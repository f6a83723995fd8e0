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
  readonly tookMs: number;
}

/** Signs with one key, posts to one URL. */
export interface Poster extends Disposable {
  /** Never rejects. */
  post(body: Uint8Array, contentType: string): Promise<Posted>;
}

/** As long as Telnyx waits at most. */
const answerMsMax = 30_000;

function wordOf(text: string | undefined): string {
  try {
    const body: unknown = JSON.parse(text ?? "");
    const word = isFields(body) ? body["status"] ?? body["error"] : undefined;
    return typeof word === "string" ? printable(word) : "";
  } catch {
    return "";
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
      return { status, word: wordOf(text), tookMs };
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}
