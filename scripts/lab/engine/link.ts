/** What a link holds: seed, device and script, packed so that it fits the address bar. */
import { UsageError } from "../../simulator/errors.ts";
import type { RunSource } from "../protocol.ts";

/** Leads a link of this form. A page that can't read a newer one says so. */
const FORM = "1.";
/** Browsers, mails and chats take links of this length. */
const LINK_MAX = 32_000;

/** Without "#". Undefined when it would be too long: a recording can't be packed that small. */
export async function packLink({ device, script }: RunSource): Promise<string | undefined> {
  const bytes = new TextEncoder().encode(JSON.stringify({ device, script }));
  const packed = FORM + base64Url(await through(bytes, new CompressionStream("deflate-raw")));
  return packed.length > LINK_MAX ? undefined : packed;
}

/** Rejects with UsageError if it is no link of this page. What it says is still to be checked. */
export async function readLink(hash: string): Promise<RunSource> {
  const text = hash.replace(/^#/, "");
  if (!text.startsWith(FORM)) {
    const what = /^\d+\./.test(text) ? "comes from a newer version of this page: update" : "is none of this page";
    throw new UsageError(`the link ${what}; without its part behind "#" the page opens as usual`);
  }
  try {
    const bytes = await through(fromBase64Url(text.slice(FORM.length)), new DecompressionStream("deflate-raw"));
    const { device, script } = JSON.parse(new TextDecoder().decode(bytes)) as RunSource;
    if (typeof device?.kind !== "string" || typeof script !== "object" || script === null) throw new Error("no source");
    return { device, script };
  } catch {
    throw new UsageError("the link is damaged, perhaps cut off: copy it whole, and open it again");
  }
}

async function through(bytes: Uint8Array, stream: CompressionStream | DecompressionStream): Promise<Uint8Array> {
  const packed = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

function base64Url(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64Url(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
}
