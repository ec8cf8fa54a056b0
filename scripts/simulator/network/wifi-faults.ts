/** Which of the script's Wi-Fi faults meets a network. */
import { within } from "../duration.ts";
import type { WifiFault, WifiFaultKind } from "../script.ts";

/** The first fault of this kind that strikes the network `ssid` at `nowMs`. Without `ssid`: one that strikes all networks. */
export function wifiFault(
  faults: WifiFault[],
  kind: WifiFaultKind,
  ssid: string | undefined,
  nowMs: number,
): WifiFault | undefined {
  return faults.find((one) => one.kind === kind && (one.ssid === undefined || one.ssid === ssid) && within(one, nowMs));
}
