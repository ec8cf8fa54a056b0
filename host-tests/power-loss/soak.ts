/** `npm run test:soak`: the power-loss protocol ten times as long, and the check that it catches planted bugs. */
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { build } from "esbuild";
import pc from "picocolors";
import type { Tally } from "./cuts.ts";
import { chapters } from "./plan.ts";
import { PLANTED_BUGS, type PlantedBug } from "./planted-bugs.ts";
import { FIRMWARE } from "./workload.ts";
import type { StorageCode } from "./world.ts";

const STORAGE = join(dirname(fileURLToPath(import.meta.url)), "../../firmware/storage");

function createTally(seed: number): Tally {
  return { cuts: 0, pairs: 0, triples: 0, seed };
}

function total(tally: Tally): number {
  return tally.cuts + tally.pairs + tally.triples;
}

/** The firmware's storage with the bug written into its source text. Nothing in the firmware knows of this. */
async function plant(bug: PlantedBug): Promise<StorageCode> {
  const used = new Set<string>();
  const result = await build({
    stdin: {
      contents: 'export { openStorageWithBanks } from "./whole-storage.ts";',
      resolveDir: STORAGE,
      loader: "ts",
    },
    bundle: true,
    format: "esm",
    write: false,
    plugins: [
      {
        name: "plant",
        setup(setup) {
          setup.onLoad({ filter: /storage\/.*\.ts$/ }, ({ path }) => {
            let contents = readFileSync(path, "utf8");
            for (const edit of bug.edits.filter((e) => e.file === relative(STORAGE, path))) {
              if (contents.split(edit.find).length !== 2)
                throw new Error(`${edit.file} has no such place: ${edit.find}`);
              contents = contents.replace(edit.find, () => edit.put);
              used.add(edit.file);
            }
            return { contents, loader: "ts" };
          });
        },
      },
    ],
  });
  for (const edit of bug.edits)
    if (!used.has(edit.file)) throw new Error(`${edit.file} is not part of storage any more`);
  const code = Buffer.from(result.outputFiles[0].contents).toString("base64");
  return import(`data:text/javascript;base64,${code}`);
}

/** What the protocol says of the storage with the bug in it; undefined when it passes. */
async function caught(bug: PlantedBug, seed: number): Promise<{ how: string; after: number } | undefined> {
  const storage = await plant(bug);
  const tally = createTally(seed);
  for (const chapter of chapters(1)) {
    try {
      chapter.run(storage, tally);
    } catch (error) {
      // A name that is not there any more ends any run.
      if (error instanceof ReferenceError) throw error;
      return { how: (error as Error).message.split("\n")[0], after: total(tally) };
    }
  }
  return undefined;
}

async function main(): Promise<void> {
  const program = new Command("npm run test:soak --")
    .description("Runs the power-loss protocol at length, then checks that it catches planted bugs.")
    .option("--scale <n>", "times the normal run", "10")
    .option("--only-bugs [name]", "only the planted bugs, or those with this in their name")
    .parse();
  const options = program.opts<{ scale: string; onlyBugs?: boolean | string }>();
  const seed = Number(process.env.SIM_SEED ?? Math.floor(Math.random() * 1e6));
  console.log(`SIM_SEED=${seed}`);
  let failures = 0;
  if (!options.onlyBugs) {
    const tally = createTally(seed);
    for (const chapter of chapters(Number(options.scale))) {
      const started = Date.now();
      try {
        chapter.run(FIRMWARE, tally);
        console.log(`${pc.green("ok")} ${chapter.title} (${total(tally)} cuts, ${Date.now() - started} ms)`);
      } catch (error) {
        failures++;
        console.log(`${pc.red("not ok")} ${chapter.title}: ${(error as Error).message}`);
      }
    }
    console.log(`power cuts tried: ${total(tally)} (pairs ${tally.pairs}, triples ${tally.triples})`);
  }
  const wanted = typeof options.onlyBugs === "string" ? options.onlyBugs : "";
  for (const bug of PLANTED_BUGS.filter((b) => b.name.includes(wanted))) {
    const found = await caught(bug, seed);
    if (!found) failures++;
    console.log(
      found
        ? `${pc.green("caught")} ${bug.name} after ${found.after} cuts: ${found.how.slice(0, 120)}`
        : `${pc.red("MISSED")} ${bug.name}: the suite is broken`,
    );
  }
  process.exitCode = failures > 0 ? 1 : 0;
}

await main();
