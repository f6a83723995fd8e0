import { openMemoryEngine } from "../../src/engine/memory.ts";
import { describeEngine } from "./contract.ts";

describeEngine("memory", openMemoryEngine);
