/** Long stretches without Wi-Fi: what the logger is for. */
import { all, allDelivered, dropped, timesWithin } from "./promises.ts";
import { DEVICE_FILE, room, type Scenario } from "./scenario.ts";

export const OFFLINE: Scenario[] = [
  {
    name: "week-offline",
    about: "a week of the default device.ts without Wi-Fi, then everything is sent",
    device: { file: DEVICE_FILE },
    script: () => ({ offline: "7d" }),
    promise: all(allDelivered, timesWithin(50)),
  },
  {
    name: "month-offline",
    about: "30 days without Wi-Fi: what is too old for the server expires, the rest arrives",
    device: room({ region: "ota_0" }),
    script: () => ({ offline: "30d", until: "75d" }),
    promise: (simulation) => (dropped(simulation, "expired") > 0 ? [] : ["nothing expired"]),
  },
  {
    name: "quota-wall",
    about: "60,000 samples pending against 10,000 a day, in ota_0",
    device: room({ region: "ota_0" }),
    script: () => ({ offline: "13.9d" }),
    promise: all(allDelivered, timesWithin(50)),
  },
  {
    name: "overload-thin",
    about: "five datastreams take 14,400 samples a day: thinned to what the server takes",
    device: {
      ...room({ everyMs: 30_000, region: "ota_0", more: { overload: "thin" } }),
      streams: ["v1", "v2", "v3", "v4", "v5"].map((pin) => ({
        pin,
        name: `sensor ${pin}`,
        intervalMs: 30_000,
        decimals: 1,
      })),
    },
    script: () => ({ offline: "3d", until: "35d" }),
    promise: (simulation) => [
      ...(dropped(simulation, "thinned") > 0 ? [] : ["nothing was thinned"]),
      ...(dropped(simulation, "expired") > 0 ? ["samples expired although thinned"] : []),
    ],
  },
  {
    name: "full-ring",
    about: "20 days without Wi-Fi in 64 kB: the oldest pages are overwritten, the rest arrives",
    device: room(),
    script: () => ({ offline: "20d" }),
    promise: (simulation) => (dropped(simulation, "overwritten") > 0 ? [] : ["nothing was overwritten"]),
  },
];
