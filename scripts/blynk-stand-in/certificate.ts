/** A self-signed RSA certificate for 127.0.0.1. Every run makes a new one, so that no secret lies in the repository. */
import { generate } from "selfsigned";

export interface Certificate {
  key: string;
  cert: string;
}

let made: Promise<Certificate> | undefined;

/** RSA, because Espruino's TLS knows nothing else. */
export function certificate(): Promise<Certificate> {
  made ??= generate([{ name: "commonName", value: "127.0.0.1" }], { keySize: 2048, algorithm: "sha256" }).then(
    (pems) => ({ key: pems.private, cert: pems.cert }),
  );
  return made;
}
