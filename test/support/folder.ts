/** Temporary folders that go away with their scope. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of a test's own. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
  file(name: string): string;
  write(name: string, text: string): Promise<void>;
}

/** Makes one. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), "aggregator-test-"));
  const file = (name: string) => join(path, name);
  return {
    path,
    file,
    write: (name, text) => writeFile(file(name), text),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
