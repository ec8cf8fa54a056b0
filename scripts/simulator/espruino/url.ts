/** url.parse of libs/network/jswrap_net.c: the parts that requests need. */
export function parseUrl(text: string): Record<string, unknown> {
  const parts = /^(?:([a-z]+:)\/\/)?([^/:?]*)(?::(\d+))?(\/[^?]*)?(\?.*)?$/.exec(text);
  if (!parts) return {};
  const path = (parts[4] ?? "/") + (parts[5] ?? "");
  return {
    method: "GET",
    protocol: parts[1],
    host: parts[2],
    path,
    pathname: parts[4] ?? "/",
    search: parts[5] ?? null,
    port: parts[3] === undefined ? null : Number(parts[3]),
    query: parts[5]?.slice(1) ?? null,
  };
}
