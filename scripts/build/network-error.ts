/** What a failed connection or request of this computer is called, in words for a person. */

const REASONS: { [code: string]: string } = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was closed before there was an answer",
  UND_ERR_SOCKET: "the connection was closed before there was an answer",
  EPIPE: "the connection was closed before there was an answer",
  ENOTFOUND: "there is no host of this name",
  EAI_AGAIN: "the name can't be looked up",
  EHOSTUNREACH: "there is no way to this host",
  ENETUNREACH: "there is no way to this network",
  ETIMEDOUT: "nothing answered",
  UND_ERR_CONNECT_TIMEOUT: "nothing answered",
  UND_ERR_HEADERS_TIMEOUT: "nothing answered",
  UND_ERR_BODY_TIMEOUT: "the answer did not end",
  TimeoutError: "nothing answered in time",
  CERT_HAS_EXPIRED: "its certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is self-signed",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "nobody vouches for its certificate",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
  EPROTO: "it does not speak TLS",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "it does not speak TLS",
  UND_ERR_HEADERS_OVERFLOW: "the headers of its answer are too long",
  HPE_HEADER_OVERFLOW: "the headers of its answer are too long",
};

/**
 * The words for an error of `node:net`, `node:tls`, `node:http` or `fetch`, whose reason is its `cause`. A code of llhttp,
 * the parser of both (`HPE_…`), says that the answer is no HTTP.
 */
export function sayNetworkError(error: unknown): string {
  const { cause = error, name } = error as Error;
  const { code = "", message = "" } = cause as NodeJS.ErrnoException;
  const known = REASONS[code] ?? REASONS[name];
  if (known !== undefined) return known;
  if (code.startsWith("HPE_")) return "what it answered is no HTTP";
  return message || code || String(error);
}
