/**
 * The program that the page runs, built at the desk: the very firmware with a device file in it. It takes another device where it
 * is given one (a scenario's, a recording's), so that one bundle serves all.
 */
import { relative, resolve, sep } from "node:path";
import { VERSION } from "../../firmware/status.ts";
import { bundleFirmware, ROOT } from "../build/bundle.ts";
import { loadDevice } from "../build/device-file.ts";
import { builtOnce } from "../simulator/build-cache.ts";
import { OBSERVE } from "../simulator/device-source.ts";
import { SimulationError } from "../simulator/errors.ts";
import { DEVICE_FILE } from "../simulator/scenarios/scenario.ts";
import type { StreamInfo } from "./protocol.ts";

export interface LabProgram {
  code: string;
  /** Unix ms that stand in `code` for the build's date, here and a day earlier: the page puts the run's own there. */
  builtMs: number;
  /** Of its own device: the partition's label, the file (as seen from the repository's root), its name, its datastreams. */
  region: string;
  file: string;
  name: string;
  streams: StreamInfo[];
  version: string;
}

/** No round number, so that nothing else in the bundle looks like it. */
const BUILT_MS = 1_767_139_234_567;

/** The names are in the text so that the build keeps them (scripts/build/passes/mangle.ts). */
const CHOOSE = `
const given: any = (global as any)["simulated"].given;
function givenDevice(): any {
  const members: any = JSON.parse(given);
  return {
    name: members.name,
    board: members.board,
    datastreams: members.datastreams.map((stream: any) => ({
      pin: stream.pin,
      name: stream.name,
      intervalMs: stream.intervalMs,
      decimals: stream.decimals,
      priority: stream.priority,
      sensor: (done: any) => done((global as any)["simulated"].value(stream.pin)),
    })),
    server: members.server,
    timeServers: members.timeServers,
    maxTimeUncertaintyMs: members.maxTimeUncertaintyMs,
    overload: members.overload,
    region: members.region,
    syncEveryMs: members.syncEveryMs,
    connectEveryMs: members.connectEveryMs,
    button: members.button,
    led: members.led,
    console: members.console,
  };
}
// url allowPlainHttp plan pointsPerRequestMax pointsPerDayMax requestsPerDayMax ageMaxMs bodyBytesMax activeLow telnet bluetooth
export const device: any = given === undefined ? own : givenDevice();
`;

/** Throws BundleError, DeviceFileError, SimulationError. */
export async function buildLabProgram(deviceFile: string = DEVICE_FILE): Promise<LabProgram> {
  const file = resolve(deviceFile);
  const device = await loadDevice({ deviceFile: file });
  const { region, name, datastreams } = device;
  if (typeof region !== "string") {
    throw new SimulationError("the simulator needs a device file whose region is a partition's label");
  }
  const deviceSource = `import { device as own } from ${JSON.stringify(file)};\n${CHOOSE}${OBSERVE}`;
  const make = async () => (await bundleFirmware({ deviceFile: file, deviceSource, buildMs: BUILT_MS })).code;
  const code = await (file === DEVICE_FILE ? builtOnce(`lab\n${deviceSource}`, make) : make());
  const streams = datastreams.map(({ pin, name, decimals, intervalMs }) => ({ pin, name, decimals, intervalMs }));
  const shownFile = relative(ROOT, file).replaceAll(sep, "/");
  return { code, builtMs: BUILT_MS, region, file: shownFile, name, streams, version: VERSION };
}
