/**
 * What the machine can do at most with one process: node:http, native verification on the thread
 * pool, 200. Nothing is stored, nobody receives anything.
 */
import { Buffer } from "node:buffer";
import { createServer } from "node:http";
import process from "node:process";
import {
  createVerifier,
  readProof,
  signatureHeader,
  timestampHeader,
} from "../../src/telnyx/signature.ts";

const verifier = createVerifier([Buffer.from(process.argv[2] ?? "", "base64")]);

const server = createServer((request, response) => {
  const pieces: Uint8Array[] = [];
  request.on("data", (piece: Uint8Array) => pieces.push(piece));
  request.on("end", async () => {
    const { headers } = request;
    const proof = readProof(
      String(headers[signatureHeader]),
      String(headers[timestampHeader]),
    );
    const key = typeof proof === "object" && await verifier(proof, Buffer.concat(pieces));
    const text = JSON.stringify({ status: "queued" });
    response.writeHead(key === 0 ? 200 : 401, {
      "content-type": "application/json",
      "content-length": text.length,
    });
    response.end(text);
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(typeof address === "object" && address !== null ? address.port : 0);
});
process.on("SIGTERM", () => process.exit(0));
