/**
 * A module hook for a mocha child: changes one place in one compiled module as it loads, as `DEFECT` says. Loaded by
 * `node --import`; the tree itself stays as it is.
 */

import { register } from "node:module";

register("./hook.js", import.meta.url, { data: process.env["DEFECT"] });
