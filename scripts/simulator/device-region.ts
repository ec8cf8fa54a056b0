/** The region that a built device file names: its top level runs once, with globals that do nothing. */
import vm from "node:vm";

/** What sensors may touch while a device file loads. */
const GLOBALS = [
  ..."require E Pin OneWire I2C1 setTimeout setInterval setWatch pinMode digitalRead digitalWrite analogRead".split(
    " ",
  ),
  ..."getTime process print clearTimeout clearInterval".split(" "),
];

/** Partition label. Throws when the device file names addresses instead, which the simulated chip does not have. */
export function readDeviceRegion(code: string): string {
  let region: unknown;
  const anything: unknown = new Proxy(() => anything, {
    get: (_target, name) => (name === Symbol.toPrimitive ? () => 0 : name === "length" ? 0 : anything),
    apply: () => anything,
    construct: () => anything as object,
    set: () => true,
  });
  const stop = new Error("seen");
  const simulated = {
    device(device: { region: unknown }) {
      region = device.region;
      throw stop;
    },
  };
  const global = new Proxy({ simulated }, { get: (target, name) => (name in target ? target.simulated : anything) });
  const context = vm.createContext({ global, console });
  for (const name of GLOBALS) context[name] = anything;
  try {
    vm.runInContext(code, context, { timeout: 1000 });
  } catch (error) {
    if (error !== stop && region === undefined) throw error;
  }
  if (typeof region === "string") return region;
  throw new Error("the simulator needs a device file whose region is a partition's label");
}
