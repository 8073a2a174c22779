// Prints the set-up lines of the page as JSON, for the address that is its argument.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const sources = new URL("../../console/", import.meta.url);
const typescript = createRequire(sources)("typescript");
const source = readFileSync(new URL("src/runtimes.ts", sources), "utf-8");
const { outputText } = typescript.transpileModule(source, { compilerOptions: { module: "esnext", target: "es2022" } });
const { runtimes } = await import(`data:text/javascript,${encodeURIComponent(outputText)}`);
console.log(JSON.stringify(runtimes(process.argv[2])));
