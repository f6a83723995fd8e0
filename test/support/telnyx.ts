/** A Telnyx that really signs, and sends over a bounded number of keep-alive connections. */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { Agent, request } from "node:http";
import { createSamples, type Sample, type Samples } from "../../src/telnyx/sample.ts";
import { publicKeyOf } from "../../src/telnyx/signature.ts";
import { createSigner, signedHeaders } from "../../src/telnyx/signer.ts";

/** What a webhook was answered; without a status the connection failed. */
export interface Answered {
  readonly status?: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The system's code, such as `ECONNRESET`. */
  readonly error?: string;
}

/** A sender with a key of its own. */
export interface Telnyx extends Disposable {
  /** Base64, as the portal shows it. */
  readonly publicKey: string;
  samples(...numbers: readonly [string, ...string[]]): Samples;
  /** Signs and sends one webhook; never rejects. */
  send(address: string, sample: Pick<Sample, "body" | "contentType">): Promise<Answered>;
}

/** Makes one. */
export function createTelnyx(connections = 64): Telnyx {
  const seed = randomBytes(32);
  const signer = createSigner(seed);
  const agent = new Agent({ keepAlive: true, maxSockets: connections });

  function send(address: string, { body, contentType }: Pick<Sample, "body" | "contentType">) {
    const { promise, resolve } = Promise.withResolvers<Answered>();
    const headers = {
      "content-type": contentType,
      "content-length": body.byteLength,
      ...signedHeaders(signer, body, Date.now() / 1_000),
    };
    const sent = request(`${address}/webhooks/ingest`, { method: "POST", agent, headers });
    const failed = (error: NodeJS.ErrnoException) =>
      resolve({ body: "", headers: {}, error: error.code ?? error.message });
    sent.on("error", failed);
    sent.on("response", (response) => {
      const pieces: Uint8Array[] = [];
      response.on("data", (piece: Uint8Array) => pieces.push(piece));
      response.on("error", failed);
      response.on("end", () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, body: Buffer.concat(pieces).toString("utf8") });
      });
    });
    sent.end(body);
    return promise;
  }

  return {
    publicKey: Buffer.from(publicKeyOf(seed)).toString("base64"),
    samples: (...numbers) => createSamples({ numbers }),
    send,
    [Symbol.dispose]: () => agent.destroy(),
  };
}
