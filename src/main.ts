/**
 * The daemon: everything opened in order of dependence, served, and closed in reverse. Stopping
 * is not written anywhere: the doors close and their visitors leave, the pipeline runs dry, the
 * log closes last but one.
 *
 *     config ▸ log ▸ sender ▸ pipeline ▸ admin ▸ the door
 */
import { type AddressRule, createAddressRule } from "./address.ts";
import { type Config, type Listen, type LiveConfig, tenantOf } from "./config.ts";
import { openLiveConfig } from "./config/live.ts";
import { openEmbeddedEngine } from "./engine/embedded.ts";
import { sortingOf } from "./engine/sorting.ts";
import { createAdmin, type Route } from "./http/admin.ts";
import { createAlerts } from "./http/alerts.ts";
import { createInbox } from "./http/inbox.ts";
import { createIntake } from "./http/intake.ts";
import { createRoutes } from "./http/routes.ts";
import { createSender, type Sender } from "./http/send.ts";
import { type OpenServer, openServer } from "./http.ts";
import { createSkewWatch } from "./pipeline/skew.ts";
import { startPipeline } from "./pipeline.ts";
import { startPruning } from "./pruning.ts";
import { startRotating } from "./rotating.ts";
import { openSeed, openToken } from "./secrets.ts";
import { createSigning, seedFingerprintOf } from "./signing.ts";
import type { State } from "./telemetry.ts";
import { type Alarms, createAlarms } from "./telemetry/alarms.ts";
import { createCounters } from "./telemetry/counters.ts";
import { createLog, type Level, type LineSink } from "./telemetry/log.ts";
import type { Destination, TenantId } from "./tenant.ts";
import { readVersion } from "./version.ts";

/** What a daemon is started with. */
export interface DaemonOptions {
  readonly configPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A broken file at start is an error even where a last good config exists. */
  readonly strict: boolean;
  /** Where facts are written. */
  readonly sink: LineSink;
  /** Hears every fact too. */
  readonly observe?: State;
  /** Certificate authorities besides the runtime's own, in PEM. */
  readonly authorities?: readonly string[];
}

/** A running daemon. Disposal stops it in good order. */
export interface Daemon extends AsyncDisposable {
  /** Where webhooks go. */
  readonly address: string;
  readonly adminAddresses: readonly string[];
  readonly token: string;
  readonly live: LiveConfig;
  /** Rejects when the daemon cannot go on: the process should end, and be started again. */
  readonly failed: Promise<never>;
}

/** Requests under way when stopping are given so long. */
const drainMsMax = 10_000;
/** Admin connections: a dashboard, a few programs. */
const adminConnectionsMax = 256;

/** What the config in force allows to connect to; the same object while the list is the same. */
function createRule(live: () => Config): () => AddressRule {
  let list = live().allowPrivate.join();
  let rule = createAddressRule(live().allowPrivate);
  return () => {
    const now = live().allowPrivate.join();
    if (now !== list) rule = createAddressRule(live().allowPrivate);
    list = now;
    return rule;
  };
}

/** Where facts go: the log, the counters, and whoever else listens. */
function createState({ sink, observe }: DaemonOptions, level: () => Level) {
  const counters = createCounters();
  const listeners: State[] = [counters.state, createLog(sink, level)];
  if (observe !== undefined) listeners.push(observe);
  const state: State = (fact) => {
    for (const hear of listeners) hear(fact);
  };
  return { counters, state, listen: (hear: State) => void listeners.push(hear) };
}

const portsOf = (addresses: readonly Listen[]) =>
  addresses.flatMap((at) => at.kind === "tcp" && at.port > 0 ? [at.port] : []);

/** The parts that everything else stands on. */
async function openBase(options: DaemonOptions, opened: AsyncDisposableStack) {
  let level: Level = "info";
  const { counters, state, listen } = createState(options, () => level);
  const { configPath: path, env, strict } = options;
  const live = opened.use(await openLiveConfig({ path, env, state, strict }));
  const config = () => live.current;
  const setLevel = () => level = config().logLevel;
  setLevel();
  const { stateFolder, store, signingKey } = config();
  const seed = signingKey ?? openSeed(stateFolder);
  const signingFingerprint = seedFingerprintOf(seed);
  const engine = opened.use(await openEmbeddedEngine({ path: store.path, signingFingerprint }));
  opened.use(startPruning(engine, () => config().store.retentionMs, state));
  const signing = createSigning(seed);
  opened.use(await startRotating(engine, signing, live, state));
  return { counters, state, listen, live, config, setLevel, engine, signing };
}

type Base = Awaited<ReturnType<typeof openBase>>;

/** What operators are woken by. */
function openAlarms({ live, config, state, listen }: Base, opened: AsyncDisposableStack): Alarms {
  const now = () => performance.now();
  const silenceMs = () => config().alerts.silenceMs;
  const tenants = () => ({ has: (id: TenantId) => tenantOf(config(), id) !== undefined });
  const alarms = opened.use(createAlarms({ state, now, silenceMs, tenants }));
  listen(alarms.state);
  // What was stated before anybody listened.
  if (live.problems.length > 0) alarms.state({ is: "config.fell_back", problems: [] });
  return alarms;
}

/** Tells them to whoever the config names. */
function openAlerts(
  { live, config, state, listen }: Base,
  { post }: Sender,
  opened: AsyncDisposableStack,
): void {
  const reconfigured = (signal: AbortSignal) => live.changed(live.current, signal);
  const now = () => performance.now();
  const url = () => config().alerts.url;
  const told = { url, reconfigured, post, random: Math.random, now, state };
  listen(opened.use(createAlerts(told)).state);
}

/** Everything that follows from the base and goes out: the sender and the stages. */
function openFlows(
  base: Base,
  { authorities = [] }: DaemonOptions,
  opened: AsyncDisposableStack,
) {
  const { live, config, engine, signing, state } = base;
  const version = readVersion();
  // Those that the config names count before they are listened on, the others from then on.
  const ports = new Set(portsOf([config().listen, ...config().admin.listen]));
  const ownPorts = () => ports;
  const senderOptions = { signing, rule: createRule(config), ownPorts, version, authorities };
  const sender = opened.use(createSender(senderOptions));
  openAlerts(base, sender, opened);
  const answers = async (tenant: TenantId, to: Destination, url: string) => {
    const { status = 500 } = await sender.ping(tenant, to, url);
    return status < 500;
  };
  const skew = createSkewWatch(state, () => performance.now());
  const reconfigured = (signal: AbortSignal) => live.changed(live.current, signal);
  const { send } = sender;
  const stages = { engine, config, reconfigured, send, answers, skew, state };
  return { version, ports, sender, skew, pipeline: opened.use(startPipeline(stages)) };
}

/** One admin listener per address. */
async function openAdmins(
  config: () => Config,
  token: () => string,
  routes: readonly Route[],
  opened: AsyncDisposableStack,
): Promise<readonly OpenServer[]> {
  const admins: OpenServer[] = [];
  const readToken = () => config().admin.readToken;
  const hosts = () => config().admin.hosts;
  const bodyBytesMax = () => config().limits.bodyBytesMax;
  const shared = { token, readToken, hosts, routes, bodyBytesMax };
  for (const at of config().admin.listen) {
    const handle = createAdmin({ ...shared, trusted: at.kind === "unix" });
    const server = { at, handle, connectionsMax: adminConnectionsMax, drainMsMax };
    admins.push(opened.use(await openServer(server)));
  }
  return admins;
}

/** Opens everything; resolves when webhooks are accepted. Throws `AggregatorError`. */
export async function openDaemon(options: DaemonOptions): Promise<Daemon> {
  await using opened = new AsyncDisposableStack();
  const base = await openBase(options, opened);
  const { counters, state, live, config, setLevel, engine, signing } = base;
  const alarms = openAlarms(base, opened);
  const { version, ports, sender, skew, pipeline } = openFlows(base, options, opened);

  const inbox = createInbox(() => config().limits);
  const made = openToken(config().stateFolder);
  const token = () => config().admin.token ?? made;
  const told = { live, engine, counters, inbox, signing, sender, version, state };
  const routes = createRoutes({ ...told, alarms, pipeline, sorting: sortingOf });
  const admins = await openAdmins(config, token, routes, opened);

  let stopping = false;
  const closed = () =>
    stopping ? "stopping" : engine.broken.aborted ? "log_unavailable" : undefined;
  const { accept } = pipeline;
  const handle = createIntake({ config, inbox, skew, accept, closed, state });
  const { connectionsMax } = config().limits;
  const at = config().listen;
  const visible = { connectionsMax, drainMsMax, forEverybody: true };
  const door = opened.use(await openServer({ at, handle, ...visible }));
  for (const { port } of [door, ...admins]) if (port !== undefined) ports.add(port);

  const adminAddresses = admins.map(({ address }) => address);
  const watching = new AbortController();
  follow(live, watching.signal, () => {
    setLevel();
    door.setConnectionsMax(config().limits.connectionsMax);
  });
  const failed = Promise.race([pipeline.failed, rejected(engine.broken)]);
  failed.catch((error: Error) => state({ is: "store.broken", why: error.message }));
  const closing = opened.move();
  await live.keep();
  state({ is: "daemon.ready", listen: door.address, admin: adminAddresses });
  return {
    address: door.address,
    adminAddresses,
    token: token(),
    live,
    failed,
    async [Symbol.asyncDispose]() {
      stopping = true;
      watching.abort();
      await closing.disposeAsync();
      state({ is: "daemon.stopped" });
    },
  };
}

/** Rejects when a signal aborts. */
function rejected(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => reject(signal.reason));
  return promise;
}

/** Tells of every config that comes into force. */
async function follow(
  live: LiveConfig,
  signal: AbortSignal,
  apply: () => void,
): Promise<void> {
  while (!signal.aborted) {
    await live.changed(live.current, signal);
    apply();
  }
}
