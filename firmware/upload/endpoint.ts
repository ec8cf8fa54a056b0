/**
 * The server that this unit sends to, and how it was met in the delivery under way: one object for all that make requests.
 *
 * Blynk answers 308 when a device belongs to another region ("the device must repeat the request with the correct URL and save
 * the correct region": Blynk's page device-https-api/troubleshooting). The region is followed at once, and kept in Storage as soon
 * as it has taken points: so two servers that send a unit to and fro wear out no flash.
 */
import type { Store } from "../platform/ports.ts";

/** Who answered in a delivery. */
export const MET = { nobody: 0, somebody: 1, blynk: 2 } as const;

export interface Endpoint {
  /** Origin of the requests, such as "https://fra1.blynk.cloud". "" when none is usable. */
  server: string;
  /** Goes into requests and nowhere else. */
  token: string;
  /** The origin that the unit was provisioned with. */
  home: string;
  /** The origin that the next boot begins with. */
  saved: string;
  /** The most that answered in this delivery, one of `MET`. */
  met: number;
  /** Blynk answered in a form of its own, in this delivery and over this link. */
  proven: boolean;
  /** Regions followed in this delivery. */
  moves: number;
  /** Why the last request for the server's date did not get out, for people; "" when it did. */
  failure: string;
  /** Somebody else answered that request, or refused its TLS handshake. */
  foreign: boolean;
}

/** `[home, saved]`. A list: the build would shorten the names of an object's members. */
const FILE = "backfill.region";
const REGIONS = ".blynk.cloud";
/** Servers that send a unit to and fro are left after this many moves in a delivery. */
const MOVES_MAX = 2;

/** `home` and `token` as settings.ts checks them. */
export function openEndpoint(store: Pick<Store, "readJson">, home: string, token: string): Endpoint {
  const kept = store.readJson(FILE) as string[] | undefined;
  let saved = home;
  // Another home was provisioned since: then the region is another account's, or is out of date.
  if (Array.isArray(kept) && kept[0] === home) saved = regionOf(`${kept[1]}`, home, "") || home;
  return { server: saved, token, home, saved, met: MET.nobody, proven: false, moves: 0, failure: "", foreign: false };
}

/** Begins a delivery. */
export function resetEndpoint(endpoint: Endpoint): void {
  endpoint.met = MET.nobody;
  endpoint.proven = false;
  endpoint.moves = 0;
  endpoint.failure = "";
  endpoint.foreign = false;
}

/** Blynk answered in a form of its own. */
export function noteProof(endpoint: Endpoint): void {
  endpoint.met = MET.blynk;
  endpoint.proven = true;
}

/**
 * The origin that `location` leads to, when that is one of Blynk's regions over the scheme of `server`, and `path` or no path
 * there; else "". Nothing but a plain host name may follow the scheme: no user, no port.
 */
export function regionOf(location: string, server: string, path: string): string {
  const scheme = server.substr(0, server.indexOf("//") + 2);
  const rest = location.substr(scheme.length);
  const slash = `${rest}/`.indexOf("/");
  const host = rest.substr(0, slash).toLowerCase();
  const target = rest.substr(slash).split("?")[0];
  const isRegion =
    scheme.length > 2 &&
    location.substr(0, scheme.length) === scheme &&
    host.length > REGIONS.length &&
    host.length < 64 &&
    host.substr(-REGIONS.length) === REGIONS &&
    host.match(/^[a-z0-9.-]+$/) !== null &&
    host.charAt(0) !== "." &&
    host.indexOf("..") < 0 &&
    (target === undefined || target === "" || target === "/" || target === path.split("?")[0]);
  return isRegion ? scheme + host : "";
}

/** Follows a 308 to `location`, which answered a request for `path`. Returns whether the next request goes somewhere else. */
export function followRegion(endpoint: Endpoint, location: string, path: string): boolean {
  const region = regionOf(location, endpoint.server, path);
  if (region === "" || region === endpoint.server || endpoint.moves >= MOVES_MAX) return false;
  endpoint.moves++;
  endpoint.server = region;
  endpoint.proven = false;
  return true;
}

/** Blynk was not met for long: the region may be closed, or was never this unit's. */
export function otherServer(endpoint: Endpoint): void {
  endpoint.server = endpoint.server === endpoint.home ? endpoint.saved : endpoint.home;
}

/** The server took points: the next boot begins with it. */
export function keepRegion(endpoint: Endpoint, store: Pick<Store, "writeJson">): void {
  if (endpoint.saved === endpoint.server) return;
  endpoint.saved = endpoint.server;
  store.writeJson(FILE, [endpoint.home, endpoint.server]);
}
