/** A few of the cuts; all of them are in power-loss.deep.test.ts. */
import { protocolTests } from "./protocol.ts";

protocolTests(0.04, 4_000);
