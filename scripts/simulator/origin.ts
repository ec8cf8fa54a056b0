/** Whether a text is an origin: a scheme, a host and perhaps a port, and nothing else. */
export function isOrigin(text: string): boolean {
  return /^https?:\/\/[^/?#@\s]+\/?$/.test(text) && URL.canParse(text);
}
