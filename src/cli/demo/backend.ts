/** A tenant's backend, as a tenant would write it: it verifies, answers, and is down at times. */
import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage } from "node:http";
import { type Payload, readPayload } from "../payload.ts";
import { rightSignatures, type VerifyingKeys } from "../signed.ts";

/** One request that reached a backend. */
export interface Arrival {
  readonly tenant: string;
  readonly payload: Payload;
  readonly body: Uint8Array;
  readonly attempt: string;
  /** The versions of the signatures that are right. */
  readonly signatures: readonly string[];
  /** What the backend answered. */
  readonly status: number;
}

/** A listening backend. */
export interface Backend extends AsyncDisposable {
  readonly url: string;
  /** So many requests from now on are answered 503. */
  failNext(times: number): void;
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  // Only the demo's own daemon sends here, and its payloads are bounded.
  for await (const piece of request as AsyncIterable<Uint8Array>) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Listens on a free port of this machine. */
export async function openBackend(
  tenant: string,
  keys: () => Promise<VerifyingKeys>,
  arrived: (arrival: Arrival) => void,
): Promise<Backend> {
  let failures = 0;

  async function take(request: IncomingMessage): Promise<number> {
    const body = await bodyOf(request);
    const header = (name: string) => String(request.headers[name] ?? "");
    const [id, timestamp] = [header("webhook-id"), header("webhook-timestamp")];
    const received = { id, timestamp, signature: header("webhook-signature"), body };
    const signatures = rightSignatures(received, await keys());
    const payload = readPayload(body);
    if (signatures.length === 0 || payload === undefined) return 401;
    const status = failures > 0 ? 503 : 200;
    failures = Math.max(0, failures - 1);
    const attempt = header("x-aggregator-attempt");
    arrived({ tenant, payload, body, attempt, signatures, status });
    return status;
  }

  const server = createServer((request, response) => {
    take(request).catch(() => 500).then((status) => response.writeHead(status).end());
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const bound = server.address();
  const port = typeof bound === "object" ? bound?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}/telnyx`,
    failNext: (times) => void (failures = times),
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}
