/**
 * How a sync ended. The number is what the LED blinks (above 5, a long blink counts five). What stood in the way of the
 * requests is shown before all else, and then the smaller number where two apply (upload/final-verdict.ts).
 */
export const VERDICT = {
  allSent: 0,
  noAccessPoint: 1,
  wrongPassword: 2,
  noTime: 3,
  serverNotReached: 4,
  serverSaysNo: 5,
  pinOrPointsRefused: 6,
  dailyLimit: 7,
  flashFault: 8,
  sensorFailing: 9,
  samplesLost: 10,
  undatedSamples: 11,
  intercepted: 12,
  notProvisioned: 13,
} as const;

export type Verdict = (typeof VERDICT)[keyof typeof VERDICT];

/** A verdict in words, for `status()` and the console. The list is made anew each time: kept, it takes 47 JsVars. */
export function verdictText(verdict: Verdict): string {
  return [
    "everything sent",
    "no access point",
    "wrong Wi-Fi password",
    "no time",
    "server not reached",
    "token refused or server says no",
    "pin or points refused",
    "daily limit reached, more to send",
    "flash fault",
    "a sensor is failing",
    "samples were lost since the last press or restart",
    "undated samples: held, or let go for good",
    "something else answers in Blynk's place",
    "not provisioned: no Wi-Fi network or token",
  ][verdict];
}
