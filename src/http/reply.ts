/** What a route of the admin listener answers. */
import { Buffer } from "node:buffer";
import type { ServerResponse } from "node:http";
import { answerJson } from "../http.ts";

/** A file to be saved: no browser opens it. */
export interface Attachment {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** JSON with a status, or a file. */
export type Reply =
  | { readonly status: number; readonly body: unknown }
  | { readonly attachment: Attachment };

/** All is well. */
export const ok = (body: unknown): Reply => ({ status: 200, body });

/** It cannot be answered, for a reason that repeats nothing of what was asked. */
export const failed = (status: number, error: string): Reply => ({ status, body: { error } });

/** There is no such tenant. */
export const unknownTenant: Reply = failed(404, "no such tenant");

/** A moment, or null where there is none. */
export const isoOf = (at: number | undefined): string | null =>
  at === undefined ? null : new Date(at).toISOString();

const uncached = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** Sends it. */
export function answerReply(response: ServerResponse, reply: Reply): void {
  if ("body" in reply) return answerJson(response, reply.status, reply.body, uncached);
  const { name, type, bytes } = reply.attachment;
  response.writeHead(200, {
    ...uncached,
    "content-type": type,
    "content-length": bytes.byteLength,
    "content-disposition": `attachment; filename="${name.replace(/[^A-Za-z0-9._-]/g, "-")}"`,
    "content-security-policy": "sandbox",
  });
  response.end(Buffer.from(bytes));
}
