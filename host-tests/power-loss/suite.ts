import { PowerCut } from "../../scripts/simulator/flash.ts";
import { createPrng } from "../../scripts/simulator/prng.ts";
import { adopt, type Cut, forEveryCut, logPage, salvage, survive, type Tally, type Wreck, wrecksOf } from "./cuts.ts";
import { Life } from "./workload.ts";
import { claim, createModel, type Geometry, type Model, type StorageCode, World } from "./world.ts";

export interface LifeOptions {
  /** Steps whose every operation is cut, after `warmUp` steps that are not. */
  steps: number;
  /** Goes on until at least this many cuts were tried. */
  cutsMin?: number;
  /** How many times the ring must have turned. */
  turns?: number;
  warmUp?: number;
  /** Wrecks tried for each operation; when there are more, these are drawn at random. */
  tearsMax?: number;
  /** What the flash holds at first. */
  content?: number | Uint8Array;
  /** Power-ons and fixes in place of samples and syncs. */
  flaps?: boolean;
  seed?: number;
}

/** Every program and erase of a life, each torn in every way; each wreck must survive. */
export function everyCut(storage: StorageCode, geometry: Geometry, tally: Tally, options: LifeOptions): void {
  const random = createPrng(tally.seed * 7919 + (options.seed ?? 0)).next;
  const cut: Cut = { storage, geometry, random: createPrng(tally.seed + 1).next, tally };
  const flash = World.flash(geometry, random, options.content ?? 0xff);
  const world = new World(storage, geometry, flash, createModel(geometry.pins));
  const life = new Life(world, random);
  const step = () => (options.flaps ? life.flap() : life.step());
  if (options.warmUp) life.start();
  for (let i = 0; i < (options.warmUp ?? 0); i++) step();
  const enough = tally.cuts + (options.cutsMin ?? 0);
  const act = () => {
    if (!options.warmUp) life.start();
    for (let i = 0; i < options.steps || tally.cuts < enough; i++) step();
  };
  forEveryCut(cut, world, options.tearsMax ?? Number.POSITIVE_INFINITY, act, (wreck, model) => {
    tally.cuts++;
    survive(cut, wreck, model);
  });
  const turns = Math.min(...[...flash.wear].slice(2 * geometry.bankPages));
  claim(turns >= (options.turns ?? 0), () => `the ring turned only ${turns} times`);
}

/** What follows a cut: mount, boot, and the next append on each datastream. */
function recover(world: World): void {
  world.mount();
  world.check();
  adopt(world);
  world.boot();
  for (const pin of world.geometry.pins) world.append(pin, world.rawMs + 1, 7);
}

/**
 * All pairs: each cut of a life, with each cut of the recovery from it. `triples` is the share of pairs with a third
 * cut, at a random place.
 */
export function everyPair(
  storage: StorageCode,
  geometry: Geometry,
  tally: Tally,
  options: LifeOptions & { secondTearsMax: number; triples: number },
): void {
  const random = createPrng(tally.seed * 6007 + (options.seed ?? 0)).next;
  const cut: Cut = { storage, geometry, random: createPrng(tally.seed + 2).next, tally };
  const world = new World(storage, geometry, World.flash(geometry, random, 0xff), createModel(geometry.pins));
  const life = new Life(world, random);
  life.start();
  for (let i = 0; i < (options.warmUp ?? 0); i++) life.step();
  const act = () => {
    for (let i = 0; i < options.steps; i++) life.step();
  };
  forEveryCut(cut, world, options.tearsMax ?? 4, act, (wreck, model) => {
    const second = salvage(cut, wreck, model);
    const again = () => recover(second);
    forEveryCut(cut, second, options.secondTearsMax, again, (wreckOfWreck, modelThen) => {
      tally.pairs++;
      survive(cut, wreckOfWreck, modelThen);
      if (cut.random() < options.triples) thirdCut(cut, wreckOfWreck, modelThen);
    });
  });
}

/** Cuts the recovery once more, at a random operation. */
function thirdCut(cut: Cut, wreck: Wreck, model: Model): void {
  const { tally } = cut;
  const { wreck: next, model: then } = cutOnce(cut, salvage(cut, wreck, model), 1 + Math.floor(cut.random() * 8));
  tally.triples++;
  survive(cut, next, then);
}

/** Runs the recovery of `world` up to its n-th operation, which is torn; to its end when it has fewer. */
function cutOnce(cut: Cut, world: World, n: number): { wreck: Wreck; model: Model } {
  let operations = 0;
  let torn: Wreck | undefined;
  world.flash.onOperation = (operation) => {
    if (++operations < n || torn) return;
    const wrecks = wrecksOf(cut, world.flash, operation, 8);
    torn = wrecks[Math.floor(cut.random() * wrecks.length)];
    throw new PowerCut("power cut");
  };
  try {
    recover(world);
  } catch (error) {
    if (!(error instanceof PowerCut)) throw error;
  }
  const { flash, model } = world;
  return { wreck: torn ?? { bytes: flash.bytes.slice(), wear: flash.wear.slice(), unstable: [] }, model };
}

/** `rounds` cuts one after the other, each at the same operation of the recovery from the last. */
export function cutsInARow(
  storage: StorageCode,
  geometry: Geometry,
  tally: Tally,
  operation: number,
  rounds: number,
): void {
  const random = createPrng(tally.seed * 4001 + operation).next;
  const cut: Cut = { storage, geometry, random, tally };
  const world = new World(storage, geometry, World.flash(geometry, random, 0xff), createModel(geometry.pins));
  const life = new Life(world, random);
  life.start();
  for (let i = 0; i < 150; i++) life.step();
  let model = world.model;
  let wreck: Wreck = { bytes: world.flash.bytes.slice(), wear: world.flash.wear.slice(), unstable: [] };
  for (let round = 0; round < rounds; round++) {
    tally.cuts++;
    ({ wreck, model } = cutOnce(cut, salvage(cut, wreck, model), operation));
  }
  survive(cut, wreck, model);
}

/** Wear of the ring's pages differs by one erase at most while the datastreams log alike and nothing is sent. */
export function evenWear(storage: StorageCode, geometry: Geometry, tally: Tally, pagesLogged: number): void {
  const random = createPrng(tally.seed).next;
  const world = new World(storage, geometry, World.flash(geometry, random, 0xff), createModel(geometry.pins));
  world.mount();
  world.boot();
  for (let page = 0; page < pagesLogged; page++) {
    logPage(world, geometry.pins[page % geometry.pins.length]);
    const wear = [...world.flash.wear].slice(2 * geometry.bankPages);
    const spread = Math.max(...wear) - Math.min(...wear);
    claim(spread <= 1, () => `pages were erased ${wear.join(", ")} times`);
  }
}

/**
 * A worn chip: sometimes a program or an erase does nothing and reports nothing. What was read back is still there. An operation
 * that fails several times in a row may end the run early, with an error that says so.
 */
export function wornFlash(storage: StorageCode, geometry: Geometry, tally: Tally, steps: number, chips: number): void {
  for (let chip = 0; chip < chips; chip++) {
    const random = createPrng(tally.seed * 31 + chip * 7919).next;
    const world = new World(storage, geometry, World.flash(geometry, random, 0xff), createModel(geometry.pins));
    const life = new Life(world, random);
    world.flash.failing = (operation) => random() < (operation.kind === "erase" ? 0.12 : 0.002);
    try {
      life.start();
      for (let i = 0; i < steps; i++) {
        life.step();
        if (i % 50 === 0) world.check();
      }
    } catch (error) {
      if (!(error instanceof Error) || !/^append on pin \d+ failed$|flash fault$/.test(error.message)) throw error;
    }
    world.flash.failing = undefined;
    world.mount();
    world.check();
  }
}
