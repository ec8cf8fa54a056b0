/** The region that a built device file names: its top level runs once, with globals that do nothing. */
import vm from "node:vm";
import { standInForEspruino } from "../build/pins/espruino-stand-in.ts";

/** Partition label. Throws when the device file names addresses instead, which the simulated chip does not have. */
export function readDeviceRegion(code: string): string {
  let region: unknown;
  const stop = new Error("seen");
  const simulated = {
    device(device: { region: unknown }) {
      region = device.region;
      throw stop;
    },
  };
  const context = standInForEspruino();
  const { Pin: anything } = context as { Pin: object };
  context.global = new Proxy({ simulated }, { get: (target, name) => (name in target ? target.simulated : anything) });
  try {
    vm.runInContext(code, context, { timeout: 1000 });
  } catch (error) {
    if (error !== stop && region === undefined) throw error;
  }
  if (typeof region === "string") return region;
  throw new Error("the simulator needs a device file whose region is a partition's label");
}
