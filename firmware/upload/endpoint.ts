/**
 * The server that this unit sends to, and how it was met in the delivery under way: one object for all that make requests.
 *
 * Blynk answers 308 when a device belongs to another region ("the device must repeat the request with the correct URL and save
 * the correct region": Blynk's page device-https-api/troubleshooting). The region is followed at once, and kept in Storage as
 * soon as it has taken points: so two servers that send a unit to and fro wear out no flash.
 */
import type { Store } from "../platform/ports.ts";

/** Who answered in a delivery, so far. `blynk`: in a form of its own, over this very link. */
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
  /** One of `MET`. */
  met: number;
  /** It answered a batch with `OK`. It answers none with an empty body then: such an answer is a proxy's. */
  saysOk: boolean;
  /** The server asked to be left alone until then, or the unit leaves it alone. */
  silentUntilRawMs: number;
  /** Regions followed in this delivery. */
  moves: number;
  /** Links tried again in this delivery, because nobody answered. */
  rejoins: number;
  /** Deliveries in a row that had a link, and in which Blynk did not answer. */
  misses: number;
}

/** `[home, saved]`. A list: the build would shorten the names of an object's members. */
const FILE = "backfill.server";
const REGION_HOSTS = ".blynk.cloud";
/** Servers that send a unit to and fro are left after this many moves in a delivery. */
const MOVES_MAX = 2;

/** `home` and `token` as settings.ts checks them. */
export function openEndpoint(store: Pick<Store, "readJson">, home: string, token: string): Endpoint {
  const endpoint: Endpoint = {
    server: home,
    token,
    home,
    saved: home,
    met: MET.nobody,
    saysOk: false,
    silentUntilRawMs: 0,
    moves: 0,
    rejoins: 0,
    misses: 0,
  };
  const kept = store.readJson(FILE) as string[] | undefined;
  // Another home was provisioned since: then the region is another account's, or is out of date.
  if (Array.isArray(kept) && kept[0] === home) followMove(endpoint, `${kept[1]}`, "");
  endpoint.saved = endpoint.server;
  return endpoint;
}

/**
 * Follows a 308 to `location`, which answered a request for `path`. Returns whether the next request goes somewhere else: only to
 * another of Blynk's regions, over the same scheme, and to the same path there or none. Nothing but a plain host name may follow
 * the scheme: no user, no port.
 */
export function followMove(endpoint: Endpoint, location: string, path: string): boolean {
  "on demand";
  const scheme = endpoint.server.substr(0, endpoint.server.indexOf("//") + 2);
  const rest = location.substr(scheme.length);
  const slash = `${rest}/`.indexOf("/");
  const host = rest.substr(0, slash).toLowerCase();
  const target = rest.substr(slash).split("?")[0];
  if (
    scheme.length < 3 ||
    location.substr(0, scheme.length) !== scheme ||
    host.length <= REGION_HOSTS.length ||
    host.length > 63 ||
    host.substr(-REGION_HOSTS.length) !== REGION_HOSTS ||
    !host.match(/^[a-z0-9.-]+$/) ||
    host.charAt(0) === "." ||
    host.indexOf("..") >= 0 ||
    !(target === undefined || target === "" || target === "/" || target === path.split("?")[0]) ||
    scheme + host === endpoint.server ||
    endpoint.moves >= MOVES_MAX
  ) {
    return false;
  }
  endpoint.moves++;
  endpoint.server = scheme + host;
  // The new server has to prove itself, too.
  endpoint.met = MET.somebody;
  endpoint.saysOk = false;
  return true;
}

/** Nothing thrown or answered may carry the token to a log. */
export function withoutToken(text: string, token: string): string {
  // Espruino's split() returns nothing of a text that is shorter than the separator.
  return token === "" || text.indexOf(token) < 0 ? text : text.split(token).join("…");
}

/** Begins a delivery. */
export function resetEndpoint(endpoint: Endpoint): void {
  endpoint.met = MET.nobody;
  endpoint.moves = 0;
  endpoint.rejoins = 0;
}

/** The server took points: the next boot begins with it. */
export function keepMove(endpoint: Endpoint, store: Pick<Store, "writeJson">): void {
  "on demand";
  if (endpoint.saved === endpoint.server) return;
  endpoint.saved = endpoint.server;
  store.writeJson(FILE, [endpoint.home, endpoint.server]);
}
