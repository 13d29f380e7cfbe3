// Azurite collects garbage every ten minutes and answers nobody meanwhile: with tens of thousands of blocks in memory that takes
// most of a minute, longer than a run of the archiver waits for its lake. No test session fills the memory it may keep.
const path = require("path");
require(path.join(path.dirname(process.argv[1]), "utils/constants")).DEFAULT_GC_INTERVAL_MS = 2 ** 31 - 1;
