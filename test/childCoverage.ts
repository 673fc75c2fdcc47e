/**
 * Keeps the processes that tests start from measuring coverage: what they run is counted where it runs in the tests'
 * own processes, and writing and merging a report a process takes longer than most of them live. Loaded by every
 * worker of mocha.
 */

if (process.env["MOCHA_WORKER_ID"] !== undefined) delete process.env["NODE_V8_COVERAGE"];

export {};
