import type { Device, Priority } from "../../firmware/device-types.ts";
import { LIMITS } from "../../firmware/limits.ts";
import { SCALES, VALUE_MAX } from "../../firmware/storage/format/decimal.ts";
import { pagesNeeded, ringPagesOf } from "../../firmware/storage/geometry.ts";
import { planLimits } from "../../firmware/upload/plan-limits.ts";
import { counted } from "./counted.ts";
import { didYouMean } from "./did-you-mean.ts";
import { JUMPING_SAMPLES_PER_PAGE, offlineMs, outageMs, type RingLoad, SAMPLES_PER_PAGE } from "./ring-life.ts";

const DAY_MS = 86_400_000;
const PAGE_BYTES = 4096;

/** Sizes of the partitions of Espruino's ESP32 builds that may hold the samples (targets/esp32, HARDWARE.md). */
export const PARTITION_BYTES: { [label: string]: number } = { flash: 65536, ota_0: 1536 * 1024 };

/** The rolling window of the daily limit, in words. */
const WINDOW = `${Math.floor(LIMITS.quotaWindowMs / 3_600_000)} h ${(LIMITS.quotaWindowMs % 3_600_000) / 60_000} min`;

export interface StreamPlan {
  pin: string;
  name: string;
  intervalMs: number;
  samplesPerDay: number;
  /** Largest value that can be stored, of either sign; one beyond it is let go and counted as `unrepresentable`. */
  valueMax: number;
  /** 1 to 3; undefined if the device file says none, which is 2. */
  priority: Priority | undefined;
}

/** What a device will sample, hold and send. Counts of samples and days are estimates. */
export interface Plan {
  streams: StreamPlan[];
  samplesPerDay: number;
  /** The server's daily limit. The firmware keeps it over a rolling window of 24 h and 10 min. */
  pointsPerWindow: number;
  /** Points that the firmware therefore sends in a day at most. */
  pointsPerDay: number;
  requestsPerDay: number;
  region: string;
  /** Undefined if the region is a partition whose size only the chip knows; then so are the six below. */
  regionBytes: number | undefined;
  ringPages: number | undefined;
  /** Until the first sample is overwritten, at values that move a few steps from one sample to the next. */
  samplesHeld: number | undefined;
  daysOffline: number | undefined;
  /** The same for values that jump. */
  daysOfflineJumping: number | undefined;
  /** The longest outage of which nothing is lost while its backlog drains; 0 if it never drains. */
  outageDays: number | undefined;
  /** Days with Wi-Fi until a full backlog is sent; Infinity if it never is. */
  drainDays: number | undefined;
  /** One sample in this many is sent; 1 unless the device file says `overload: "thin"`. */
  thinEvery: number;
  /** Reasons to stop the build. */
  errors: string[];
  /** What the user should know. */
  warnings: string[];
}

export function planDevice(device: Device): Plan {
  const limits = planLimits(device.server);
  const streams = device.datastreams.map((one) => {
    return {
      pin: one.pin,
      name: one.name,
      intervalMs: one.intervalMs,
      samplesPerDay: DAY_MS / one.intervalMs,
      valueMax: VALUE_MAX / SCALES[one.decimals],
      priority: one.priority,
    };
  });
  const samplesPerDay = streams.reduce((sum, one) => sum + one.samplesPerDay, 0);
  const pointsPerWindow = limits.pointsPerDayMax;
  const pointsPerDay = Math.floor((pointsPerWindow * DAY_MS) / LIMITS.quotaWindowMs);
  const syncEveryMs = device.connectEveryMs ?? device.syncEveryMs ?? LIMITS.syncEveryMs;
  const ageDays = (limits.ageMaxMs - LIMITS.ageMarginMs) / DAY_MS;
  const plan: Plan = {
    streams,
    samplesPerDay,
    pointsPerWindow,
    pointsPerDay,
    requestsPerDay: Math.ceil((DAY_MS / syncEveryMs) * streams.length),
    region: typeof device.region === "string" ? device.region : `at 0x${device.region.address.toString(16)}`,
    regionBytes: typeof device.region === "string" ? PARTITION_BYTES[device.region] : device.region.bytes,
    ringPages: undefined,
    samplesHeld: undefined,
    daysOffline: undefined,
    daysOfflineJumping: undefined,
    outageDays: undefined,
    drainDays: undefined,
    thinEvery: 1,
    errors: [],
    warnings: [],
  };
  planRegion(plan, ageDays);
  judgeLoad(plan, device);
  return plan;
}

function planRegion(plan: Plan, ageDays: number): void {
  if (plan.regionBytes === undefined) {
    plan.warnings.push(
      `region ${plan.region} is not one of Espruino's own partitions${didYouMean(plan.region, Object.keys(PARTITION_BYTES))}; npm run doctor shows its size`,
    );
    return;
  }
  plan.ringPages = ringPagesOf(Math.floor(plan.regionBytes / PAGE_BYTES), PAGE_BYTES);
  const needed = pagesNeeded(plan.streams.length);
  if (plan.ringPages < needed) {
    plan.errors.push(
      `region ${plan.region} has ${plan.ringPages} pages for samples, ${counted(plan.streams.length, "datastream")} ${plan.streams.length === 1 ? "needs" : "need"} ${needed}: ` +
        'name a larger region ("ota_0" has 1.5 MB) or drop datastreams',
    );
    return;
  }
  const load: RingLoad = {
    intervalsMs: plan.streams.map((one) => one.intervalMs),
    pages: plan.ringPages,
    samplesPerPage: SAMPLES_PER_PAGE,
    samplesPerWindow: plan.pointsPerWindow,
    windowMs: LIMITS.quotaWindowMs,
  };
  const fullDays = offlineMs(load) / DAY_MS;
  plan.samplesHeld = Math.floor(fullDays * plan.samplesPerDay);
  plan.daysOffline = Math.min(fullDays, ageDays);
  plan.daysOfflineJumping = Math.min(
    offlineMs({ ...load, samplesPerPage: JUMPING_SAMPLES_PER_PAGE }) / DAY_MS,
    ageDays,
  );
  plan.outageDays = Math.min(outageMs(load) / DAY_MS, ageDays);
  // The first day's allowance is sent at once. After that, each day sends what new samples leave of the allowance.
  const backlog = plan.daysOffline * plan.samplesPerDay - plan.pointsPerDay;
  const sparePerDay = plan.pointsPerDay - plan.samplesPerDay;
  plan.drainDays = backlog <= 0 ? 0 : sparePerDay > 0 ? backlog / sparePerDay : Infinity;
  if (plan.drainDays > ageDays && plan.drainDays < Infinity) {
    plan.warnings.push(
      `a full backlog takes ${say(plan.drainDays)} days to drain, longer than the ${say(ageDays)} days that the server looks back: ` +
        "the oldest samples of a long outage will expire",
    );
  }
}

function judgeLoad(plan: Plan, device: Device): void {
  const over = plan.samplesPerDay - plan.pointsPerDay;
  if (over > 0) {
    const load = `${say(plan.samplesPerDay)} samples a day are more than the ${sayAllowance(plan)}`;
    if (device.overload === undefined) {
      const factor = Math.ceil((plan.samplesPerDay / plan.pointsPerDay) * 100) / 100;
      plan.errors.push(
        `${load}. Ways out: intervals ${factor} times as long${sayLonger(device, factor)}; fewer datastreams; server.pointsPerDayMax, if your plan allows ` +
          'more; overload: "thin" (only every k-th sample is sent) or "oldest-first" (the oldest are dropped once they expire)',
      );
    } else if (device.overload === "thin") {
      plan.thinEvery = Math.ceil(plan.samplesPerDay / plan.pointsPerDay);
      plan.warnings.push(`${load}: every ${ordinal(plan.thinEvery)} is sent (overload: "thin")`);
    } else {
      plan.warnings.push(`${load}: ${say(over)} a day will expire or be overwritten unsent (overload: "oldest-first")`);
    }
  }
  const requestsMax = planLimits(device.server).requestsPerDayMax;
  if (plan.requestsPerDay > requestsMax) {
    plan.warnings.push(
      `${plan.requestsPerDay} requests a day (${counted(plan.streams.length, "datastream")} at each sync) are more than the ${requestsMax} ` +
        "allowed: sync less often (syncEveryMs), or raise server.requestsPerDayMax",
    );
  }
}

/** The longer intervals as a device file has them, rounded up to seconds where they are longer than that. */
function sayLonger({ datastreams }: Device, factor: number): string {
  const intervalsMs = [...new Set(datastreams.map((one) => one.intervalMs))].sort((a, b) => a - b).slice(0, 3);
  const changes = intervalsMs.map((intervalMs) => {
    const stepMs = intervalMs < 1000 ? 1 : 1000;
    return `${Math.ceil((intervalMs * factor) / stepMs) * stepMs} in place of ${intervalMs}`;
  });
  return ` (intervalMs: ${changes.join(", ")})`;
}

/** The plan as text for a person, without colours. */
export function describePlan(plan: Plan): string {
  const lines = plan.streams.map((one) => {
    const name = `  ${one.pin.padEnd(5)}${one.name}`.padEnd(28);
    return `${name}every ${sayDuration(one.intervalMs).padEnd(10)}${say(one.samplesPerDay).padStart(9)} a day, values up to ±${say(Math.floor(one.valueMax))}${one.priority === undefined ? "" : `, priority ${one.priority}`}`;
  });
  const sum = say(plan.samplesPerDay).padStart(9);
  lines.push(`${"  all".padEnd(44)}${sum} a day, of ${sayAllowance(plan)}`);
  if (plan.regionBytes !== undefined && plan.samplesHeld !== undefined) {
    const size = `${say(plan.regionBytes / 1024)} kB, ${plan.ringPages} pages for samples`;
    const days = plan.daysOffline ?? 0;
    const jumpingDays = plan.daysOfflineJumping ?? 0;
    const range =
      jumpingDays < days ? `, down to ${say(jumpingDays)} if the values jump from one sample to the next` : "";
    lines.push(
      `  region ${plan.region}: ${size}, about ${say(plan.samplesHeld)} of them: ${say(days)} days offline${range}`,
    );
    lines.push(`  ${sayOutage(plan)}a full backlog drains ${sayDrain(plan.drainDays ?? 0)}`);
  }
  return lines.join("\n");
}

/** What the unit sends in a day at most, and the limit that this comes from. */
function sayAllowance(plan: Plan): string {
  return `${say(plan.pointsPerDay)} that the unit sends at most (${say(plan.pointsPerWindow)} in ${WINDOW})`;
}

/** After a longer outage the oldest samples are overwritten while the backlog drains. */
function sayOutage({ outageDays = 0, daysOffline = 0 }: Plan): string {
  if (outageDays === 0 || outageDays >= daysOffline) return "";
  return `after an outage of up to ${say(outageDays)} days nothing is lost; `;
}

function sayDrain(days: number): string {
  if (days === Infinity) return "never: the unit samples as much as it may send";
  return days === 0 ? "at the first sync" : `in ${say(days)} days of Wi-Fi`;
}

/** Whole numbers from 100 up, one decimal below. */
function say(value: number): string {
  const rounded = value >= 100 ? Math.round(value) : Math.round(value * 10) / 10;
  return rounded.toLocaleString("en-US");
}

/** An interval in the largest unit that divides it: "5 min". */
export function sayDuration(ms: number): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  if (ms % 60_000 === 0) return `${ms / 60_000} min`;
  return `${ms / 1000} s`;
}

function ordinal(n: number): string {
  return n === 2 ? "2nd" : n === 3 ? "3rd" : `${n}th`;
}
