import { type Cut, forEveryCut, survive, type Tally } from "./cuts.ts";
import { seeded } from "./random.ts";
import { Life } from "./workload.ts";
import { createModel, type Geometry, type Storage, World } from "./world.ts";

/** Every program and erase of a life of `steps` steps, each torn in every way; each wreck must survive. */
export function everyCut(
  storage: Storage,
  geometry: Geometry,
  tally: Tally,
  options: { steps: number; warmUp?: number; tearsMax?: number; content?: number | Uint8Array; seed?: number },
): void {
  const random = seeded(tally.seed * 7919 + (options.seed ?? 0));
  const cut: Cut = { storage, geometry, random: seeded(tally.seed + 1), tally };
  const world = new World(
    storage,
    geometry,
    World.flash(geometry, random, options.content ?? 0xff),
    createModel(geometry.pins),
  );
  const life = new Life(world, random);
  const act = () => {
    if (!options.warmUp) life.start();
    for (let i = 0; i < options.steps; i++) life.step();
  };
  if (options.warmUp) {
    life.start();
    for (let i = 0; i < options.warmUp; i++) life.step();
  }
  forEveryCut(cut, world, options.tearsMax ?? Number.POSITIVE_INFINITY, act, (wreck, model) => {
    tally.cuts++;
    survive(cut, wreck, model);
  });
}
