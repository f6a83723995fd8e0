import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AdminOptions, createAdmin, matchPath, type Route } from "../../src/http/admin.ts";
import { ask, connectRaw, listen } from "./shared.ts";

const token = "a-token-of-some-length";
const readToken = "another-token-to-read";

const route = (
  method: Route["method"],
  path: string,
  needs: Route["needs"],
  answer: Route["answer"] = async ({ parameters, query }) => ({
    status: 200,
    body: { parameters, query: Object.fromEntries(query) },
  }),
): Route => ({ method, path, needs, answer });

const bodyBytesMax = 64 * 1_024;

const echo: Route = {
  ...route("POST", "/echo", "token", async ({ body, contentType }) => ({
    status: 200,
    body: { text: new TextDecoder().decode(body), contentType },
  })),
  reads: true,
};

const file: Route = route("GET", "/files/{name}", "token", async ({ parameters: [name = ""] }) => ({
  attachment: { name, type: "application/json", bytes: new TextEncoder().encode("<b>") },
}));

const routes = [
  route("GET", "/livez", "none"),
  route("GET", "/stats", "read"),
  route("GET", "/tenants/{id}", "token"),
  route("POST", "/tenants/{id}/ping", "token"),
  route("GET", "/broken", "token", () => Promise.reject(new Error("+18005550100 is broken"))),
  echo,
  file,
];

async function openAdmin(more: Partial<AdminOptions> = {}) {
  const handle = createAdmin({
    token: () => token,
    readToken: () => readToken,
    hosts: () => ["ops.example"],
    routes,
    bodyBytesMax: () => bodyBytesMax,
    trusted: false,
    ...more,
  });
  const server = await listen(handle);
  return {
    port: server.port,
    async get(path: string, headers: Record<string, string> = {}, method = "GET") {
      const { status, body, headers: got } = await ask({
        port: server.port,
        path,
        headers,
        method,
      });
      return { status, body: body === "" ? undefined : JSON.parse(body), headers: got };
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const bearer = (text: string) => ({ authorization: `Bearer ${text}` });

describe("createAdmin()", () => {
  it("answers whoever has the token", async () => {
    await using admin = await openAdmin();
    const { status, body, headers } = await admin.get("/tenants/acme?a=b", bearer(token));
    assert.equal(status, 200);
    assert.deepEqual(body, { parameters: ["acme"], query: { a: "b" } });
    assert.equal(headers["cache-control"], "no-store");
    const post = await admin.get("/tenants/acme/ping", bearer(token), "POST");
    assert.deepEqual(post.body.parameters, ["acme"]);
  });

  it("answers 401 to everybody else, whatever they ask for", async () => {
    await using admin = await openAdmin();
    const wrong = ["", `Bearer ${token}x`, `Bearer ${token.slice(1)}`, `Basic ${token}`, token];
    for (const authorization of [...wrong, "Bearer ", `Bearer ${token} ${token}`]) {
      for (const path of ["/tenants/acme", "/nothing", "/stats", "/tenants"]) {
        const { status, body, headers } = await admin.get(path, { authorization });
        assert.deepEqual([status, body], [401, { error: "unauthorized" }]);
        assert.equal(headers["www-authenticate"], "Bearer");
      }
    }
  });

  it("lets nobody in with a token that is empty", async () => {
    await using admin = await openAdmin({ token: () => "", readToken: () => "" });
    for (const headers of [{}, { authorization: "Bearer " }, { authorization: "Bearer" }]) {
      assert.equal((await admin.get("/stats", headers)).status, 401);
    }
  });

  it("lets the read token read, and nothing more", async () => {
    await using admin = await openAdmin();
    assert.equal((await admin.get("/stats", bearer(readToken))).status, 200);
    assert.equal((await admin.get("/tenants/acme", bearer(readToken))).status, 401);
    assert.equal((await admin.get("/tenants/acme/ping", bearer(readToken), "POST")).status, 401);
    assert.equal((await admin.get("/nothing", bearer(readToken))).status, 401);
  });

  it("answers health checks without a token", async () => {
    await using admin = await openAdmin();
    assert.equal((await admin.get("/livez")).status, 200);
  });

  it("knows what it does not know", async () => {
    await using admin = await openAdmin();
    for (
      const path of ["/nothing", "/tenants/acme/", "/tenants/a/b/c", "//tenants/acme", "/stats/"]
    ) {
      assert.equal((await admin.get(path, bearer(token))).status, 404, path);
    }
    const { status, headers } = await admin.get("/tenants/acme/ping", bearer(token));
    assert.deepEqual([status, headers.allow], [405, "POST"]);
  });

  it("tells nobody what went wrong inside", async () => {
    await using admin = await openAdmin();
    const { status, body } = await admin.get("/broken", bearer(token));
    assert.deepEqual([status, body], [500, { error: "internal error" }]);
  });

  it("answers to its own names only", async () => {
    await using admin = await openAdmin();
    const asked = async (host: string) => (await admin.get("/livez", { host })).status;
    const known = ["localhost", "localhost:1", "127.0.0.1:8081", "[::1]:8081", "OPS.example:443"];
    for (const host of known) assert.equal(await asked(host), 200, host);
    const foreign = [
      "evil.example",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "evil:127.0.0.1",
    ];
    for (const host of [...foreign, "ops.example.evil"]) assert.equal(await asked(host), 403, host);
  });

  it("answers no page of another origin", async () => {
    await using admin = await openAdmin();
    const host = "localhost:8081";
    const asked = async (origin: string) => (await admin.get("/livez", { host, origin })).status;
    assert.equal(await asked(`http://${host}`), 200);
    for (
      const origin of ["http://evil.example", "http://localhost:9999", "null", "localhost:8081"]
    ) {
      assert.equal(await asked(origin), 403, origin);
    }
  });

  it("reads a body where a route wants one, and of others nothing", async () => {
    await using admin = await openAdmin();
    const { port } = admin;
    const headers = { ...bearer(token), "content-type": "text/plain" };
    const sent = { port, method: "POST", headers, body: "hello" };
    const { status, body } = await ask({ ...sent, path: "/echo" });
    assert.deepEqual([status, JSON.parse(body)], [200, {
      text: "hello",
      contentType: "text/plain",
    }]);
    assert.equal((await ask({ ...sent, path: "/tenants/acme/ping" })).status, 200);
    assert.equal((await ask({ ...sent, path: "/echo", headers: {} })).status, 401);
  });

  it("reads a body whose sender asks first", async () => {
    await using admin = await openAdmin();
    using raw = await connectRaw(admin.port);
    const lines = ["POST /echo HTTP/1.1", "Host: localhost", `Authorization: Bearer ${token}`];
    raw.write([...lines, "Expect: 100-continue", "Content-Length: 2", "", "hi"].join("\r\n"));
    const came = await raw.closed;
    assert.match(came, /^HTTP\/1\.1 100 [^]*HTTP\/1\.1 200 [^]*"text":"hi"/);
  });

  it("answers 413 to a body that is too large, however it comes", async () => {
    await using admin = await openAdmin();
    const { port } = admin;
    const sent = { port, path: "/echo", method: "POST", headers: bearer(token) };
    const { status, body } = await ask({ ...sent, body: "x".repeat(bodyBytesMax + 1) });
    assert.deepEqual([status, JSON.parse(body)], [413, { error: "body too large" }]);
    assert.equal((await ask({ ...sent, body: "x".repeat(bodyBytesMax) })).status, 200);
  });

  it("gives files to be saved, under names that do no harm", async () => {
    await using admin = await openAdmin();
    const path = `/files/${encodeURIComponent('../a"\r\nb:c.json')}`;
    const { status, body, headers } = await ask({ port: admin.port, path, headers: bearer(token) });
    assert.deepEqual([status, body], [200, "<b>"]);
    assert.equal(headers["content-disposition"], 'attachment; filename="..-a---b-c.json"');
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["content-type"], "application/json");
  });

  it("trusts whoever may open its socket file", async () => {
    await using admin = await openAdmin({ trusted: true });
    assert.equal((await admin.get("/tenants/acme", { host: "anything" })).status, 200);
  });
});

describe("matchPath()", () => {
  it("gives the values of a path's parameters", () => {
    assert.deepEqual(matchPath("/a/{x}/b/{y}", "/a/1/b/2"), ["1", "2"]);
    assert.deepEqual(matchPath("/a", "/a"), []);
    assert.equal(matchPath("/a/{x}", "/a"), undefined);
    assert.equal(matchPath("/a/{x}", "/b/1"), undefined);
    assert.equal(matchPath("/a/{x}", "/a/1/2"), undefined);
    assert.deepEqual(matchPath("/a/{x}", "/a/sha256%3A1%2F2"), ["sha256:1/2"]);
    assert.equal(matchPath("/a/{x}", "/a/%E0"), undefined);
  });
});
