/** A tenant's backend: a real server that verifies what it receives and remembers it. */
import { Buffer } from "node:buffer";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";

/** One request as it came. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** What the backend answered; undefined: it never did. */
  readonly status: number | undefined;
}

/** A batch as its receiver reads it. */
export interface BatchJson {
  readonly id: string;
  readonly tenant: string;
  readonly sequence: number;
  readonly previous_id: string | null;
  readonly continues?: string;
  readonly stream: string;
  readonly window: { readonly reason: string };
  readonly count: number;
  readonly events: readonly { readonly data?: { readonly id?: string } }[];
  readonly routing: readonly { readonly id: string; readonly matched: string }[];
}

/** What to answer: a status, or nothing at all. */
export type Behaviour = (received: Omit<Received, "status">) => number | undefined;

/** A running backend. */
export interface TenantBackend extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly received: readonly Received[];
  /** What it accepted, in order. */
  accepted(): BatchJson[];
  behave(behaviour: Behaviour): void;
}

/** The batch in a request. */
export function batchIn({ body }: Pick<Received, "body">): BatchJson {
  return JSON.parse(body.toString("utf8"));
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Starts a backend that answers 200 until told otherwise; with a certificate it speaks https. */
export async function openTenant(
  certificate?: { readonly cert: string; readonly key: string },
): Promise<TenantBackend> {
  const received: Received[] = [];
  let behaviour: Behaviour = () => 200;
  const server: Server =
    (certificate === undefined ? createServer() : createSecureServer(certificate)) as Server;
  server.on("request", (request, response) => {
    const pieces: Uint8Array[] = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", () => {
      const came = { headers: request.headers, body: Buffer.concat(pieces) };
      const status = behaviour(came);
      received.push({ ...came, status });
      if (status === undefined) return;
      response.statusCode = status;
      response.end();
    });
  });
  const port = await listen(server);
  const scheme = certificate === undefined ? "http" : "https";
  const isAccepted = ({ status = 0 }: Received) => status >= 200 && status < 300;
  return {
    url: `${scheme}://127.0.0.1:${port}/telnyx`,
    port,
    received,
    accepted: () => received.filter(isAccepted).map(batchIn),
    behave(next) {
      behaviour = next;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
