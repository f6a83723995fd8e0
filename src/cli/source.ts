/** The config as commands other than the daemon see it. */
import type { Config } from "../config.ts";
import { stateFolderOf } from "../config/build.ts";
import { startConfig } from "../config/start.ts";
import { diskWith } from "../config/surroundings.ts";
import { resolve } from "node:path";
import type { Given } from "./command.ts";
import type { Terminal } from "./terminal.ts";

const defaultPath = "aggregator.yaml";

/** The config file that is meant. */
export const configPathOf = (given: Given): string => given.text("config") ?? defaultPath;

/** Where the daemon of this config keeps what it keeps; the file need not be good, nor there. */
export function stateFolderGiven(given: Given, { env }: Terminal): string {
  return stateFolderOf(resolve(configPathOf(given)), (name) => env[name]);
}

/** The config as the daemon would take it: the file, or else the last good one. Throws `config`. */
export async function configGiven(given: Given, terminal: Terminal): Promise<Config> {
  const disk = diskWith(terminal.env);
  const path = resolve(configPathOf(given));
  const start = await startConfig(path, disk, stateFolderGiven(given, terminal), false);
  return start.sound.config;
}
