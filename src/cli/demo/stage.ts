/**
 * What the demo plays on: a real daemon in a folder that goes away, a Telnyx that really signs, and
 * a backend per tenant.
 *
 *     poster ─signed webhooks▶ daemon ─signed batches▶ backends ─▶ ledger, screen
 */
import { Buffer } from "node:buffer";
import { rmSync } from "node:fs";
import { appendFile, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { signal } from "../../flow/signal.ts";
import { type Daemon, openDaemon } from "../../main.ts";
import { createSeed } from "../../signing.ts";
import { publicKeyOf } from "../../telnyx/signature.ts";
import { createSamples, type Sample, type Samples } from "../../telnyx/sample.ts";
import { askFor, clientOf } from "../client.ts";
import { eventIdOf } from "../payload.ts";
import { createPoster, type Posted } from "../post.ts";
import type { VerifyingKeys } from "../signed.ts";
import { type Arrival, type Backend, openBackend } from "./backend.ts";
import { type Ledger, openLedger } from "./ledger.ts";

/** What the demo's scenes use. */
export interface Stage extends AsyncDisposable {
  readonly daemon: Daemon;
  readonly ledger: Ledger;
  /** The last arrivals, oldest first. */
  readonly arrivals: readonly Arrival[];
  readonly tenants: readonly string[];
  backendOf(tenant: string): Backend | undefined;
  samplesOf(tenant: string): Samples;
  /** As Telnyx sends it. */
  send(tenant: string, sample: Sample): Promise<Posted>;
  /** As somebody sends it who does not have Telnyx's key. */
  forge(sample: Sample): Promise<Posted>;
  /** Opens a backend and writes its tenant into the file; the daemon must see it by itself. */
  addTenant(tenant: string): Promise<void>;
  /** Resolves when it is so, or when `end` aborts. Looks whenever something happened. */
  until(condition: () => boolean, end: AbortSignal): Promise<void>;
}

/** How to set the stage. */
export interface StageOptions {
  /** Of the webhook listener; 0: a free one. */
  readonly port: number;
  readonly arrived: (arrival: Arrival) => void;
}

/** The tenants there may be, and numbers that are nobody's. */
const numbers = { acme: "+12015550111", globex: "+12015550122", initech: "+12015550133" };
const arrivalsMax = 200;
const connectionsMax = 4;

const numberOf = (tenant: string) =>
  Object.entries(numbers).find(([name]) => name === tenant)?.[1] ?? numbers.acme;

const tenantText = (tenant: string, url: string) =>
  `  ${tenant}:\n    phone_numbers: ["${numberOf(tenant)}"]\n    callback_url: ${url}\n`;

function configText(port: number, publicKey: string): string {
  return `listen: 127.0.0.1:${port}
admin: { listen: [127.0.0.1:0] }
telnyx: { public_keys: [${publicKey}] }
callbacks: { allow_private: [127.0.0.1/32] }
defaults:
  window: { max_wait: 2s }
  delivery: { retry: { first: 500ms, max: 2s } }
tenants:
`;
}

/** A folder that is gone when the process is, however it ends. */
async function openFolder(): Promise<{ readonly path: string } & Disposable> {
  const path = await mkdtemp(join(tmpdir(), "aggregator-demo-"));
  const remove = () => rmSync(path, { recursive: true, force: true });
  process.once("exit", remove);
  return {
    path,
    [Symbol.dispose]() {
      process.off("exit", remove);
      remove();
    },
  };
}

/** Asked for once, when the first batch has come: the keys a tenant would have been given. */
function keysFrom(daemon: Promise<Daemon>, tenant: string): () => Promise<VerifyingKeys> {
  let asked: Promise<VerifyingKeys> | undefined;
  const ask = async () => {
    const { adminAddresses: [admin = ""], token } = await daemon;
    const client = clientOf(admin, token);
    const { secret, public_key } = await askFor(client, "GET", `/key?tenant=${tenant}`);
    return { secrets: [String(secret)], publicKeys: [String(public_key)] };
  };
  return () =>
    asked ??= ask().catch((error) => {
      asked = undefined;
      throw error;
    });
}

/** Opens everything. The daemon's own environment is empty: nothing of this machine's gets in. */
export async function openStage({ port, arrived }: StageOptions): Promise<Stage> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await openFolder());
  const path = join(folder.path, "aggregator.yaml");
  const seed = createSeed();
  const ledger = openLedger();
  // Opened before the daemon, so that its last batches still find them.
  const listening = opened.use(new AsyncDisposableStack());
  const arrivals: Arrival[] = [];
  const backends = new Map<string, Backend>();
  const samples = new Map<string, Samples>();
  const happened = signal();
  const running = Promise.withResolvers<Daemon>();

  function take(arrival: Arrival): void {
    const { tenant, payload, status } = arrival;
    arrivals.push(arrival);
    if (arrivals.length > arrivalsMax) arrivals.shift();
    const events = payload.events.map((event) => eventIdOf(event) ?? "without id");
    if (status === 200) ledger.arrived(tenant, payload.id, events);
    arrived(arrival);
    happened.raise();
  }

  async function addTenant(tenant: string): Promise<void> {
    const backend = listening.use(
      await openBackend(tenant, keysFrom(running.promise, tenant), take),
    );
    backends.set(tenant, backend);
    samples.set(tenant, createSamples({ numbers: [numberOf(tenant)] }));
    await appendFile(path, tenantText(tenant, backend.url));
  }

  await writeFile(path, configText(port, Buffer.from(publicKeyOf(seed)).toString("base64")));
  await addTenant("acme");
  await addTenant("globex");
  const sink = { write: () => true, writableLength: 0 };
  const observe = () => happened.raise();
  const options = { configPath: path, env: {}, strict: true, sink, observe };
  const daemon = opened.use(await openDaemon(options));
  running.resolve(daemon);
  const url = new URL("/webhooks/ingest", daemon.address);
  const telnyx = opened.use(createPoster(url, seed, connectionsMax));
  const forger = opened.use(createPoster(url, createSeed(), connectionsMax));
  const closing = opened.move();
  return {
    daemon,
    ledger,
    arrivals,
    get tenants() {
      return [...daemon.live.current.tenants.keys()];
    },
    backendOf: (tenant) => backends.get(tenant),
    samplesOf: (tenant) => samples.get(tenant) ?? createSamples({ numbers: [numberOf(tenant)] }),
    async send(tenant, { id, body, contentType }) {
      const event = id ?? "without id";
      ledger.sent(event, tenant);
      const posted = await telnyx.post(body, contentType);
      if (posted.status === 200) ledger.accepted(event);
      happened.raise();
      return posted;
    },
    forge: ({ body, contentType }) => forger.post(body, contentType),
    addTenant,
    async until(condition, end) {
      while (!end.aborted && !condition()) await happened.next(end);
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}
