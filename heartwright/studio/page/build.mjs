// Bundle the page into dist/: main.js (with the room as a chunk that loads after the first paint), and the workers and worklets of
// the sound and of the microphone.
import { cp, mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "dist");
const shared = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  target: "es2022",
  legalComments: "linked",
  logLevel: "warning",
};

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  ...shared,
  entryPoints: ["src/main.ts"],
  format: "esm",
  splitting: true,
  chunkNames: "[name]-[hash]",
  outdir: out,
});
await build({ ...shared, entryPoints: ["src/worker.ts", "src/worklet.ts", "src/microphone-worker.ts", "src/microphone-worklet.ts"], format: "iife", outdir: out });
await cp(join(here, "index.html"), join(out, "index.html"));
