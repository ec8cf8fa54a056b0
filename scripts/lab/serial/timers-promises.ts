/** `node:timers/promises` for a browser. */
const sleep = (ms: number): Promise<void> => new Promise((done) => void setTimeout(done, ms));

export { sleep as setTimeout };
