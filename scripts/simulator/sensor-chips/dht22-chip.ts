/**
 * A DHT22 (Aosong AM2302, single-bus communication, table 6): 80 µs low, 80 µs high, then 40 bits of 50 µs low and 26 µs (0) or
 * 70 µs (1) high, then low for 50 µs. It answers 30 µs after the line was let go, if it was low for 0.8 ms or more, and not
 * within 2 s of the last time. It sends what it measured at the last answer.
 */

export interface Dht22Chip {
  /** The five bytes that it will have measured at the next answer. */
  bytes: number[];
  plugged: boolean;
  /** Longest start signal. */
  lowMsMax: number;
  /** How many of the edges come through. */
  edgesMax: number;
  /** Sent as they are at every answer, instead of what was measured before. */
  always: number[] | undefined;
  /** The line was low for `lowMs` and was let go. Levels and their times in µs from now; [] when it doesn't answer. */
  answer(lowMs: number): { level: 0 | 1; atUs: number }[];
}

/** The frame of two raw numbers, with its checksum. */
export function dhtFrame(humidity: number, temperature: number): number[] {
  const bytes = [humidity >> 8, humidity & 255, temperature >> 8, temperature & 255];
  return bytes.concat([(bytes[0] + bytes[1] + bytes[2] + bytes[3]) & 255]);
}

export function createDht22Chip(nowMs: () => number): Dht22Chip {
  let measured: number[] = [];
  let answeredMs = -1e9;
  const chip: Dht22Chip = {
    bytes: dhtFrame(652, 351),
    plugged: true,
    lowMsMax: 20,
    edgesMax: 1000,
    always: undefined,
    answer(lowMs) {
      if (!chip.plugged || lowMs < 0.8 || lowMs > chip.lowMsMax || nowMs() - answeredMs < 2000) return [];
      const bytes = chip.always !== undefined ? chip.always : measured.length > 0 ? measured : dhtFrame(0, 0);
      measured = chip.bytes;
      answeredMs = nowMs();
      const edges: { level: 0 | 1; atUs: number }[] = [];
      let atUs = 30;
      function hold(level: 0 | 1, forUs: number) {
        edges.push({ level, atUs });
        atUs += forUs;
      }
      hold(0, 80);
      hold(1, 80);
      for (let i = 0; i < 40; i++) {
        hold(0, 50);
        hold(1, (bytes[i >> 3] >> (7 - (i & 7))) & 1 ? 70 : 26);
      }
      hold(0, 50);
      hold(1, 0);
      return edges.slice(0, chip.edgesMax);
    },
  };
  return chip;
}
