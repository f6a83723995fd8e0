/**
 * One run: the real daemon among backends that answer as their dice fall, everything sent through
 * its door, a while of chaos, then calm until nothing is left to be done.
 *
 *     send ─▶ chaos goes on ─▶ calm, until all is settled ─▶ stop ─▶ what must hold
 */
import { openEmbeddedEngine } from "../../src/engine/embedded.ts";
import { type Daemon, openDaemon } from "../../src/main.ts";
import { configText } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { createTelnyx, type Telnyx } from "../support/telnyx.ts";
import { type Backend, openBackend } from "./backend.ts";
import { castOf, linesOf, type Member } from "./cast.ts";
import { createDice, type Dice } from "./dice.ts";
import { createLedger, type Ledger, type Sent } from "./ledger.ts";
import { add, type Counts, createTally, type Tally } from "./tally.ts";
import { checkAll } from "./verdicts.ts";
import { oneMore, type Webhook, webhooksOf } from "./webhooks.ts";
import { openWire, type Wire } from "./wire.ts";

/** What a run is made of; the same options make the same decisions. */
export interface RunOptions {
  readonly seed: string;
  readonly tenants: number;
  readonly events: number;
}

/** What came of it. */
export interface Report {
  readonly findings: readonly string[];
  /** For people. */
  readonly told: Readonly<Record<string, Counts>>;
}

/** Webhooks on their way at once. */
const sendersCount = 48;
const duplicatesShare = 0.1;
/** Requests of chaos after everything was sent, for so many events one. */
const eventsPerRequest = 8;
const chaosMsMax = 60_000;
const calmMsMax = 60_000;
/** A tenant that is gone stays so until the number of events sent is a multiple of this. */
const eventsPerResume = 200;
/** Who has more waiting needs no more events. */
const fewEvents = 20;
/** Between two looks at what is left an event more is sent; each so many looks. */
const looksPerEvent = 10;
const lettersMax = 500;

interface Run extends RunOptions {
  readonly dice: Dice;
  readonly ledger: Ledger;
  readonly tally: Tally;
  readonly telnyx: Telnyx;
  readonly members: readonly [Member, ...Member[]];
  readonly backends: readonly Backend[];
  readonly trap: Wire;
  readonly folder: TemporaryFolder;
  readonly given: Counts;
  calm(): void;
}

async function setUp(options: RunOptions, stack: AsyncDisposableStack): Promise<Run> {
  const dice = createDice(options.seed);
  const ledger = createLedger();
  const folder = stack.use(await temporaryFolder());
  const telnyx = stack.use(createTelnyx(sendersCount));
  const trap = stack.use(await openWire((asked) => asked.reset()));
  const given: Counts = {};
  let isCalm = false;
  const count = (name: string) => add(given, name);
  const stage = { dice, trap: trap.url, isCalm: () => isCalm, count };
  const [first, ...others] = castOf(dice, options.tenants);
  if (first === undefined) throw new RangeError("A run needs at least one tenant");
  const members = [first, ...others] as const;
  const backends: Backend[] = [];
  for (const member of members) {
    backends.push(stack.use(await openBackend(member, ledger.book(member.id), stage)));
  }
  const lines = backends.map(({ member, urls }) => linesOf(member, urls));
  await folder.write("aggregator.yaml", configText(telnyx.publicKey, lines));
  const calm = () => void (isCalm = true);
  const tally = createTally();
  return { ...options, dice, ledger, tally, telnyx, members, backends, trap, folder, given, calm };
}

type Ask = (method: "GET" | "POST", path: string) => Promise<Record<string, unknown>>;

function askOf({ adminAddresses: [admin = ""], token }: Daemon): Ask {
  return async (method, path) => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${admin}${path}`, { method, headers });
    const body = await response.text();
    if (response.status !== 200) throw new Error(`${method} ${path}: ${response.status} ${body}`);
    return JSON.parse(body);
  };
}

async function shareSecrets({ backends }: Run, ask: Ask): Promise<void> {
  for (const backend of backends) {
    const { secret } = await ask("GET", `/key?tenant=${backend.member.id}`);
    backend.useSecret(String(secret));
  }
}

async function resumeGone({ tally, backends }: Run, ask: Ask): Promise<void> {
  for (const tenant of tally.takeGone()) {
    backends.find(({ member }) => member.id === tenant)?.resumed();
    await ask("POST", `/tenants/${tenant}/resume`);
  }
}

/** Sends one until it is acknowledged; says as what. */
async function sendOnce(
  { ledger, telnyx }: Run,
  address: string,
  webhook: Webhook,
  entry: Sent,
): Promise<string> {
  const answer = await eventually("a webhook is acknowledged", async () => {
    const { status, body } = await telnyx.send(address, webhook);
    return status === 200 && JSON.parse(body);
  });
  entry.acknowledgedAt ??= ledger.tick();
  const { status, tenant, tenants = [tenant] } = answer;
  const said = tenant === "unassigned" ? [] : tenants.toSorted();
  const isRight = status === "duplicate" || said.join() === webhook.tenants.toSorted().join();
  if (!isRight) ledger.find(`event ${webhook.id} was given to "${said}"`);
  return status;
}

/** Sends one, or two of it, at once or one after the other. */
async function sendOne(run: Run, address: string, webhook: Webhook): Promise<void> {
  const { dice, ledger } = run;
  const { id, tenants, call } = webhook;
  const known = { id, tenants, ...call === undefined ? {} : { call } };
  const entry: Sent = { ...known, at: ledger.tick() };
  ledger.sent.set(id, entry);
  const once = () => sendOnce(run, address, webhook, entry);
  if (dice("twice", id) >= duplicatesShare) return void await once();
  const isAtOnce = dice("at once", id) < 0.5;
  const said = isAtOnce ? await Promise.all([once(), once()]) : [await once(), await once()];
  const news = said.filter((status) => status !== "duplicate").length;
  if (news !== 1) ledger.find(`event ${id}, sent twice, was ${said.join(" and ")}`);
}

async function sendAll(run: Run, address: string, ask: Ask): Promise<void> {
  const { dice, seed, members, events } = run;
  const webhooks = webhooksOf(dice, seed, members, events);
  async function sender(): Promise<void> {
    for (const webhook of webhooks) {
      await sendOne(run, address, webhook);
      if (run.ledger.sent.size % eventsPerResume === 0) await resumeGone(run, ask);
    }
  }
  await Promise.all(Array.from({ length: sendersCount }, sender));
}

/** What is not settled, by tenant. */
async function leftOf(ask: Ask): Promise<ReadonlyMap<string, number>> {
  const { tenants } = await ask("GET", "/tenants");
  const all = Object.entries(tenants as Record<string, { pending: number; in_flight: number }>);
  const left = all.map(([id, { pending, in_flight }]) => [id, pending + in_flight] as const);
  return new Map(left.filter(([, count]) => count > 0));
}

/** Requests go on until there were enough of them, or nothing is left. */
async function letChaosGoOn(run: Run, ask: Ask): Promise<void> {
  const requests = () => run.backends.reduce((sum, backend) => sum + backend.requests(), 0);
  const enough = requests() + run.events / eventsPerRequest;
  await eventually("enough chaos", async () => {
    await resumeGone(run, ask);
    return requests() >= enough || (await leftOf(ask)).size === 0;
  }, chaosMsMax);
}

async function untilSettled(run: Run, address: string, ask: Ask): Promise<void> {
  const { dice, seed, members, ledger } = run;
  let looks = 0;
  let left: ReadonlyMap<string, number> = new Map();
  try {
    await eventually("everything is settled", async () => {
      await resumeGone(run, ask);
      left = await leftOf(ask);
      if (left.size === 0) return true;
      if (++looks % looksPerEvent !== 0) return false;
      for (const member of members) {
        const count = left.get(member.id) ?? 0;
        if (count === 0 || count > fewEvents) continue;
        await sendOne(run, address, oneMore(dice, seed, member, looks));
      }
      return false;
    }, calmMsMax);
  } catch (error) {
    const all = [...left].map(([id, count]) => `${id}: ${count}`).join(", ");
    ledger.find(`${String(error)}; not settled, by tenant: ${all}`);
  }
}

/** The daemon's part of a run, from its start to its stop. */
async function live(run: Run): Promise<void> {
  const { folder, tally } = run;
  await using daemon = await openDaemon({
    configPath: folder.file("aggregator.yaml"),
    env: {},
    strict: true,
    sink: { write: () => true, writableLength: 0 },
    observe: (fact) => tally.hear(fact),
  });
  const ask = askOf(daemon);
  async function everything(): Promise<void> {
    await shareSecrets(run, ask);
    await sendAll(run, daemon.address, ask);
    await letChaosGoOn(run, ask);
    run.calm();
    await untilSettled(run, daemon.address, ask);
  }
  await Promise.race([everything(), daemon.failed]);
}

/** Who had more connections than it should, or has any that nobody uses. */
async function checkConnections({ backends, trap, ledger }: Run): Promise<void> {
  if (trap.connections() > 0) ledger.find(`A redirect was followed ${trap.connections()} times`);
  const wires = backends.flatMap(({ wires, member }) => wires.map((wire) => ({ wire, member })));
  for (const { wire, member: { id, inFlight } } of wires) {
    // One more is for pings, and another one may just be closing.
    if (wire.most() > inFlight + 2) ledger.find(`${id} had ${wire.most()} connections at once`);
  }
  const open = () => wires.filter(({ wire }) => wire.open() > 0);
  await eventually("no connection is left", () => open().length === 0, 5_000).catch(() => {
    for (const { member } of open()) ledger.find(`${member.id} has connections after the stop`);
  });
}

/** What the log says in the end, read from the disk. */
async function readLog({ folder, members, ledger }: Run) {
  await using engine = await openEmbeddedEngine({ path: folder.file("data/aggregator.db") });
  const { held, parked, expired } = await engine.counts();
  const nobodys = [...ledger.sent.values()].filter(({ tenants }) => tenants.length === 0).length;
  const nothing = parked + expired;
  if (held !== nobodys || nothing > 0) {
    ledger.find(`${held} events are held and ${nothing} are nothing, of ${nobodys} of nobody`);
  }
  const dead = new Map<string, ReadonlyMap<string, string>>();
  for (const { id: tenant } of members) {
    const letters = await engine.dead({ tenant }, lettersMax);
    dead.set(tenant, new Map(letters.map(({ event, reason }) => [event.id, reason])));
  }
  return dead;
}

/** Makes a run. Rejects where the run itself could not be made; all else is a finding. */
export async function runChaos(options: RunOptions): Promise<Report> {
  await using stack = new AsyncDisposableStack();
  const run = await setUp(options, stack);
  const { ledger, members, dice, tally, given } = run;
  await live(run).catch((error: Error) => ledger.find(`The run ended: ${error.stack}`));
  await checkConnections(run);
  const letters = await readLog(run);
  const dead = (tenant: string) => letters.get(tenant) ?? new Map();
  const excused = checkAll(ledger, members, { dice, late: tally.late, dead });
  const { verdicts, answers, facts } = tally;
  const sent = { webhooks: ledger.sent.size, "late answers": tally.late.size, excused };
  return {
    findings: ledger.findings,
    told: { sent, given, answers, verdicts, dead: tally.dead, facts },
  };
}
