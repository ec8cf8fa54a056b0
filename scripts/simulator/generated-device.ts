/** Devices that are made from a list of datastreams, for scenarios and recordings. */
import type { SimulatedDevice } from "./device-source.ts";

export interface SimulatedStream {
  /** "v1" */
  pin: string;
  name: string;
  intervalMs: number;
  decimals: number;
}

/** A device made for a scenario: its sensors read `value`. */
export interface GeneratedDevice {
  streams: SimulatedStream[];
  /** What the sensor of a datastream shows, `elapsedMs` after the first power-on. NaN: no reading. */
  value(stream: SimulatedStream, elapsedMs: number): number;
  /** Partition label. Default "flash". */
  region?: string;
  /** More members of `Device`, as in device.ts: `overload`, `syncEveryMs`, `connectEveryMs`, … */
  more?: Record<string, unknown>;
  plainHttp?: boolean;
}

export function isGenerated(device: SimulatedDevice): device is GeneratedDevice {
  return "streams" in device;
}

/** The members of its device file, but for the datastreams. */
export function membersOf(device: GeneratedDevice): Record<string, unknown> {
  return {
    name: "simulated",
    region: device.region ?? "flash",
    server: { url: "https://blynk.cloud", allowPlainHttp: device.plainHttp },
    timeServers: ["time-a.example", "time-b.example", "time-c.example"],
    button: { pin: "D0", activeLow: true },
    led: { pin: "D2", activeLow: false },
    ...device.more,
  };
}
