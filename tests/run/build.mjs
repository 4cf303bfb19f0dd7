// Builds the npm package into `dist/`: wasm, its glue, and the hand-written classes as one minified script.
import { build as bundle } from "esbuild";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./process.mjs";
import { setup } from "./setup.mjs";

export const root = fileURLToPath(new URL("../..", import.meta.url));
const wasmTarget = join(root, "target", "wasm32-unknown-unknown", "wasm");

/**
 * Compiles one library of the workspace for the browser, small first, and makes its JavaScript.
 * `--crate-type cdylib` is given here: in Cargo.toml, beside rlib, it would silently turn LTO off.
 */
export async function wasm(tools, { name, manifest = "Cargo.toml", features = [], out }) {
  const crate = name.replaceAll("-", "_");
  const args = ["rustc", "--quiet", "--locked", "--lib", "--profile", "wasm", "--target", "wasm32-unknown-unknown"];
  args.push("--manifest-path", manifest, "--crate-type", "cdylib");
  if (features.length > 0) args.push("--features", features.join(","));
  await run("cargo", args, { cwd: root, env: tools.env });
  const folder = join(root, "target", out);
  mkdirSync(folder, { recursive: true });
  await run("wasm-bindgen", [join(wasmTarget, `${crate}.wasm`), "--target", "web", "--no-typescript", "--out-dir", folder], {
    cwd: root,
    env: tools.env,
  });
  const file = join(folder, `${crate}_bg.wasm`);
  await run("wasm-opt", ["-Oz", "--all-features", file, "-o", file], { cwd: root, env: tools.env });
  return { glue: join(folder, `${crate}.js`), wasm: file };
}

/** Builds `dist/index.js` and `dist/index.d.ts`. */
export async function build(tools) {
  const files = await wasm(tools, { name: "websocket-channel", features: ["js"], out: "npm" });
  const dist = join(root, "dist");
  mkdirSync(dist, { recursive: true });
  await bundle({
    entryPoints: [join(root, "src/js/index.js")],
    outfile: join(dist, "index.js"),
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    keepNames: false,
    legalComments: "none",
    alias: { glue: files.glue, "glue/wasm": files.wasm },
    loader: { ".wasm": "base64" },
    logLevel: "warning",
  });
  copyFileSync(join(root, "src/js/index.d.ts"), join(dist, "index.d.ts"));
  return dist;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await build(await setup());
}
