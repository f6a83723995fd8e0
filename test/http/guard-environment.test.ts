/** What the environment says changes nothing about where the guard connects and whom it trusts. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { Answered } from "../../src/pipeline/verdict.ts";
import { collect, endOf } from "../support/daemon.ts";
import { childEnv, executable, runArguments } from "../support/runtime.ts";
import { openTenant } from "../support/tenant.ts";
import { guardCertificates, guardKey } from "./guard-certificates.ts";
import { offeredVersions, openOldServer } from "./old-server.ts";

const script = fileURLToPath(new URL("guard-post.ts", import.meta.url));

/** One POST from a process of its own. */
async function postIn(env: Readonly<Record<string, string>>, url: string): Promise<Answered> {
  const args = [...runArguments, script, url];
  const child = spawn(executable, args, { env: childEnv(env), stdio: ["ignore", "pipe", "pipe"] });
  const printed = collect(child.stdout);
  const errors = collect(child.stderr);
  assert.equal(await endOf(child), 0, errors());
  return JSON.parse(printed());
}

/** A proxy that would take whatever it is asked for. */
async function openProxy() {
  let asked = 0;
  const proxy = createServer((_request, response) => {
    asked += 1;
    response.end();
  });
  proxy.on("connect", (_request, socket) => {
    asked += 1;
    socket.end("HTTP/1.1 200 OK\r\n\r\n");
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = proxy.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

describe("createGuardedAgent() and the environment", () => {
  for (const secure of [undefined, { cert: guardCertificates.good, key: guardKey }]) {
    it(`knows no proxy, for ${secure === undefined ? "http" : "https"}`, async () => {
      await using backend = await openTenant(secure);
      await using proxy = await openProxy();
      const names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"];
      const env = {
        ...Object.fromEntries(names.map((name) => [name, proxy.url])),
        NO_PROXY: "",
        NODE_USE_ENV_PROXY: "1",
      };
      assert.deepEqual(await postIn(env, backend.url), { status: 200 });
      assert.equal(backend.received.length, 1);
      assert.equal(proxy.asked(), 0);
    });
  }

  it("trusts no certificate for it", async () => {
    await using backend = await openTenant({ cert: guardCertificates.selfSigned, key: guardKey });
    const { status, error } = await postIn({ NODE_TLS_REJECT_UNAUTHORIZED: "0" }, backend.url);
    assert.equal(status, undefined);
    assert.match(error ?? "", /SELF_SIGNED|UNABLE_TO_VERIFY|CERT/);
    assert.equal(backend.received.length, 0);
  });

  it("speaks no older TLS for it", async () => {
    await using old = await openOldServer();
    const url = `https://127.0.0.1:${old.port}/`;
    const options = "--tls-min-v1.0 --tls-cipher-list=DEFAULT@SECLEVEL=0";
    const { status } = await postIn({ NODE_OPTIONS: options }, url);
    assert.equal(status, undefined);
    assert.ok((await old.told()).includes(offeredVersions));
  });
});
