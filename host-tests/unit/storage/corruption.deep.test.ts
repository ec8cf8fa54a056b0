import { testDoubleFlips, testSingleFlips } from "./damaged-region.ts";

testSingleFlips(3000);
testDoubleFlips(1000);
