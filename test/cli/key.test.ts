/** The keys of what the aggregator itself says: whoever gets alarms can verify them. */
import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { Webhook } from "standardwebhooks";
import { headersFor, isSigned } from "../http/sending.ts";
import { runCli } from "../support/cli.ts";
import { configText, spawnDaemon } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { createTelnyx } from "../support/telnyx.ts";
import { openTenant } from "../support/tenant.ts";

async function openScene(stack: AsyncDisposableStack) {
  const folder = stack.use(await temporaryFolder());
  const backend = stack.use(await openTenant());
  using telnyx = createTelnyx();
  const { url } = backend;
  const top = [`alerts: { url: "${url}" }`, `unassigned: { callback_url: "${url}" }`];
  const tenants = [{ id: "acme", number: "+18005550120", url }];
  // On a socket the commands find it by the config alone, though its port is not fixed.
  const text = configText(telnyx.publicKey, tenants, top)
    .replace('["127.0.0.1:0"]', "[unix:admin.sock]");
  await folder.write("aggregator.yaml", text);
  const daemon = stack.use(await spawnDaemon({ config: folder.file("aggregator.yaml") }));
  const cli = (...args: readonly string[]) => runCli(args, { cwd: folder.path });
  return { folder, backend, daemon, text, cli };
}

describe("key", () => {
  it("prints the keys of alarms and of copies, with the daemon and without", async () => {
    await using stack = new AsyncDisposableStack();
    const { folder, backend, daemon, text, cli } = await openScene(stack);
    await folder.write("aggregator.yaml", `${text}nonsense: 1\n`);
    const alarm = await eventually("an alarm", () => backend.received[0]);
    assert.match(alarm.body.toString("utf8"), /config_refused/);
    await folder.write("aggregator.yaml", text);

    const { stdout, stderr } = await cli("key", "aggregator", "--json");
    const { secret, public_key } = JSON.parse(stdout || stderr);
    assert.ok(new Webhook(secret).verify(alarm.body.toString("utf8"), headersFor(alarm)));
    assert.ok(isSigned(alarm, public_key));
    const copies = await cli("key", "unassigned");
    assert.match(copies.stdout, /^secret +whsec_/);
    assert.notEqual(JSON.parse((await cli("key", "unassigned", "--json")).stdout).secret, secret);
    assert.equal((await cli("key", "all")).code, 1);

    process.kill(daemon.pid, "SIGTERM");
    assert.equal(await daemon.ended, 0);
    assert.equal((await cli("key", "aggregator", "--json")).stdout, stdout);
    assert.equal((await cli("key", "unassigned")).stdout, copies.stdout);
    const nobody = await cli("key", "all");
    assert.equal(nobody.code, 1);
    assert.match(nobody.stderr, /There is no tenant "all" in /);
  });
});
