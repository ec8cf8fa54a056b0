import { flipTests } from "./flip-tests.ts";

// Every bit. This takes about as long as the other half, in a file of its own.
flipTests("at rest", 1, 1500);
