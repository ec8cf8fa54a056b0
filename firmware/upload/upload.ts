/** The upload put together, for the device, for the desk that sends what a copy of its flash holds, and for the tests. */
import { createDrain, type Drain, openDrainMemory } from "./drain.ts";
import type { Endpoint } from "./endpoint.ts";
import { openOverloadMemory } from "./overload.ts";
import { openPaceMemory } from "./pace.ts";
import { openPlanMemory } from "./planner.ts";
import type { UploadSettings } from "./planning.ts";
import type { UploadMemory, UploadParts } from "./upload-parts.ts";

/** `deaths`: boots in a row that came in the middle of a request (`recordBoot`). */
export function openUploadMemory(deaths: number): UploadMemory {
  const memory = Object.assign(openDrainMemory(deaths), openPaceMemory());
  return Object.assign(Object.assign(memory, openOverloadMemory()), openPlanMemory());
}

/** Somebody asks for a delivery: forgets the failures that waits grow from, and how long the server asked to be left alone. */
export function forgive(memory: UploadMemory, endpoint: Endpoint, rawMs: number): void {
  memory.failuresInRow = 0;
  memory.deaths = 0;
  memory.forgivenRawMs = rawMs;
  endpoint.silentUntilRawMs = 0;
}

export function createUpload(
  parts: UploadParts,
  endpoint: Endpoint,
  settings: UploadSettings,
  memory: UploadMemory,
): Drain {
  return createDrain({ parts, endpoint, settings, memory });
}
