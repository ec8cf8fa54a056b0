import { protocolTests } from "./protocol.ts";

protocolTests(1, 100_000);
