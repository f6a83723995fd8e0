/** The real daemon, spawned: its own process, real sockets, a real store. */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { childEnv, executable, runArguments } from "./runtime.ts";

/** A line of its log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly fact: string };

/** A running daemon. Disposal kills it if it still runs. */
export interface SpawnedDaemon extends AsyncDisposable {
  readonly address: string;
  readonly admin: string;
  readonly pid: number;
  readonly facts: readonly LogLine[];
  kill(signal: "SIGTERM" | "SIGKILL" | "SIGHUP" | "SIGINT"): void;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

/** How to start it. */
export interface SpawnOptions {
  readonly config: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

const cli = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

/** A process that may or may not come up. */
export function spawnRun({ config, env = {}, args = [] }: SpawnOptions): ChildProcess {
  return spawn(executable, [...runArguments, cli, "run", "--config", config, ...args], {
    env: childEnv(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** What a process printed to standard error, as it comes. */
export function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = "";
  stream?.on("data", (piece) => text += String(piece));
  return () => text;
}

/** How a process ended. */
export function endOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) =>
    child.once("exit", (code, signal) => resolve(code ?? signal ?? "unknown"))
  );
}

/** A second signal does not get through `child.kill` on Deno. */
function sendSignal({ pid, exitCode, signalCode }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  process.kill(pid, signal);
}

/** Starts the daemon; resolves when it is ready. */
export async function spawnDaemon(options: SpawnOptions): Promise<SpawnedDaemon> {
  const child = spawnRun(options);
  const errors = collect(child.stderr);
  const ended = endOf(child);
  const facts: LogLine[] = [];
  const ready = Promise.withResolvers<LogLine>();
  if (child.stdout === null) throw new Error("No standard output");
  createInterface({ input: child.stdout }).on("line", (line) => {
    const fact: LogLine = JSON.parse(line);
    facts.push(fact);
    if (fact.fact === "daemon.ready") ready.resolve(fact);
  });
  ended.then((code) => ready.reject(new Error(`The daemon ended with ${code}: ${errors()}`)));
  const { listen, admin } = await ready.promise;
  return {
    address: String(listen),
    admin: Array.isArray(admin) ? String(admin[0]) : "",
    pid: child.pid ?? 0,
    facts,
    ended,
    kill: (signal) => sendSignal(child, signal),
    async [Symbol.asyncDispose]() {
      sendSignal(child, "SIGKILL");
      await ended;
    },
  };
}

/** One tenant of a config. */
export interface TenantLines {
  readonly id: string;
  readonly number: string;
  readonly url: string;
  /** Further lines of YAML. */
  readonly more?: readonly string[];
}

/** A config on loopback, with ports of the system's choice. */
export function configText(
  publicKey: string,
  tenants: readonly TenantLines[],
  top: readonly string[] = [],
): string {
  const blocks = tenants.flatMap(({ id, number, url, more = [] }) => [
    `  ${id}:`,
    `    phone_numbers: ["${number}"]`,
    `    callback_url: ${url}`,
    ...more.map((line) => `    ${line}`),
  ]);
  return [
    "listen: 127.0.0.1:0",
    'admin: { listen: ["127.0.0.1:0"] }',
    `telnyx: { public_keys: ["${publicKey}"] }`,
    "callbacks: { allow_private: [127.0.0.1/32] }",
    ...top,
    "tenants:",
    ...blocks,
    "",
  ].join("\n");
}
