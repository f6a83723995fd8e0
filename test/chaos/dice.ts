/** Dice that fall the same way whenever they are asked the same: a run follows from its seed. */
import { hash } from "node:crypto";

/** From 0 to below 1, by a name: a seed's dice do not know time, nor who asked before. */
export type Dice = (...name: readonly (string | number)[]) => number;

/** The dice of a seed. */
export function createDice(seed: string): Dice {
  return (...name) => {
    const digits = hash("sha256", [seed, ...name].join("/"), "hex").slice(0, 13);
    return Number.parseInt(digits, 16) / 16 ** 13;
  };
}

/** One of these, by a share from 0 to below 1. */
export function pick<T>(share: number, [first, ...others]: readonly [T, ...T[]]): T {
  return others[Math.floor(share * (others.length + 1)) - 1] ?? first;
}
