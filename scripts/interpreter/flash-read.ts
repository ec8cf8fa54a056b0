/**
 * Espruino code that gives the program another function to read its flash. `native` is Espruino's own module and `read` the
 * function in place of its `read`. Both are expressions of globals, because a module's function sees nothing else.
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
