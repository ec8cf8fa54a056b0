/**
 * Code that has the program read its flash by another function. Both are expressions in globals, since a module's function sees
 * nothing else: `native` is Espruino's own module, `read` what takes its `read`'s place.
 */
export function replaceFlashRead(native: string, read: string): string {
  return `Modules.addCached("Flash", function () {
  exports.read = ${read};
  exports.write = ${native}.write;
  exports.erasePage = ${native}.erasePage;
  exports.getPage = ${native}.getPage;
  exports.getFree = ${native}.getFree;
});`;
}
