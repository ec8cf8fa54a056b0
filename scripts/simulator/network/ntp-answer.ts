/** A time server's answer, true or not. */

/** Seconds from 1900 to 1970 (RFC 5905, figure 4). */
const NTP_UNIX_SECONDS = 2_208_988_800;

/**
 * A server at stratum 2 states how far it may be off: precision 2^-20 s, round trip to the primary source 7.8 ms, error
 * 11.7 ms (units of 2^-16 s). One that has no time itself answers with stratum 0 and leap indicator 3, like a kiss-of-death
 * without a code (chrony 4.3, ntpsec 1.2.2 and openntpd 6.2p3 do).
 */
const PRECISION = 0xec;
const ROOT_DELAY = 0x0000_0200;
const ROOT_DISPERSION = 0x0000_0300;

/** RFC 5905, figure 8: a server's answer at `trueMs` (Unix) to `request`, both as binary strings. */
export function ntpAnswer(
  request: string,
  trueMs: number,
  flags: { kiss: boolean; alarm: boolean; stale: boolean; zero: boolean },
): string {
  const bytes = new Uint8Array(48);
  const view = new DataView(bytes.buffer);
  const version = (request.charCodeAt(0) >> 3) & 7;
  bytes[0] = ((flags.alarm || flags.kiss ? 3 : 0) << 6) | (version << 3) | 4;
  bytes[1] = flags.kiss || flags.alarm ? 0 : 2;
  bytes[2] = request.charCodeAt(2);
  bytes[3] = PRECISION;
  view.setUint32(4, ROOT_DELAY);
  view.setUint32(8, ROOT_DISPERSION);
  const source = flags.alarm ? [0, 0, 0, 0] : [192, 0, 2, 1];
  for (let i = 0; i < 4; i++) bytes[12 + i] = flags.kiss ? "RATE".charCodeAt(i) : source[i];
  const stamp = (at: number, ms: number) => {
    const seconds = Math.floor(ms / 1000);
    view.setUint32(at, (seconds + NTP_UNIX_SECONDS) % 4294967296);
    view.setUint32(at + 4, Math.floor(((ms - seconds * 1000) / 1000) * 4294967296));
  };
  stamp(16, trueMs - 30_000);
  for (let i = 0; i < 8; i++) bytes[24 + i] = request.charCodeAt(40 + i) ^ (flags.stale ? 0x55 : 0);
  if (!flags.zero) {
    stamp(32, trueMs);
    stamp(40, trueMs);
  }
  return String.fromCharCode(...bytes);
}
