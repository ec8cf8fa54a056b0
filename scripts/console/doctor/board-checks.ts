/** What the board itself can do: its heap against what TLS takes, its build's defects, its watchdog. Asked, not assumed. */
import type { DeviceStatus } from "../../../firmware/status-types.ts";
import { counted } from "../../build/counted.ts";
import type { BoardInfo } from "../unit/board-info.ts";
import { poolNeeded } from "../unit/firmware-needs.ts";
import { defectsOf } from "../unit/known-defects.ts";
import { HTTPS_WAYS_OUT, tlsShortage } from "../unit/tls-heap.ts";
import type { Finding } from "./finding.ts";

/** Whether https fits beside the JsVars. */
export function checkHeap(board: BoardInfo, server: string): Finding {
  const name = "heap";
  const { heap } = board;
  if (heap === undefined) return { name, verdict: "skip", found: "the board tells nothing of its heap" };
  const found = `${heap.freeBytes} bytes free${heap.isJoined ? "" : ", not joined"}, ESP-IDF ${heap.sdkVersion}`;
  if (!server.startsWith("https:")) return { name, verdict: "ok", found };
  const shortage = tlsShortage(heap);
  if (shortage === "") return { name, verdict: "ok", found: `${found}: enough for https` };
  return { name, verdict: "fail", found: `${shortage} (ESP-IDF ${heap.sdkVersion})`, advice: HTTPS_WAYS_OUT };
}

/** Whether the pool of JsVars holds as many datastreams as run. */
export function checkPool(board: BoardInfo, status: DeviceStatus): Finding {
  const name = "pool";
  const datastreams = status.streams.length;
  const needed = poolNeeded(datastreams);
  const found = `${board.memory.total} variables (JsVars); ${counted(datastreams, "datastream")} ${datastreams === 1 ? "needs" : "need"} ${needed}`;
  if (board.memory.total >= needed) return { name, verdict: "ok", found };
  const advice = "Take datastreams out of the device file, or use a build with a larger pool (HARDWARE.md, “Builds”).";
  return { name, verdict: "warn", found: `${found}: syncs may be refused`, advice };
}

/** Known defects of this version, one finding each. */
export function checkBuild(board: BoardInfo): Finding[] {
  return defectsOf(board).map((defect) => ({ name: "build", ...defect }));
}
