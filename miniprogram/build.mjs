// Builds the mini program: TypeScript and the shared client to what WeChat runs, the rest as it is. Reads from its standard
// input `{out, strings, config}`; prints what each package weighs, and fails where WeChat would not take it.
//
// The shared client is the mobile page's own (static/citizen): its modules are transpiled and put beside, never copied by
// hand.

import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import ts from "typescript";

const HERE = dirname(fileURLToPath(import.meta.url));
const SOURCE = join(HERE, "src");
const SHARED = join(HERE, "..", "static", "citizen");
// What a mini program may weigh (bytes): all of it, and each package.
const WHOLE = 2 * 1024 * 1024;
const MAIN = 1024 * 1024;
const COPIED = /\.(json|wxml|wxss)$/;

const { out, strings, config } = JSON.parse(readFileSync(0, "utf8"));
rmSync(out, { recursive: true, force: true });

function files(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files(path) : [path];
  });
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** What WeChat's engines run without its own tools' help: CommonJS, and no syntax newer than 2018. */
function transpiled(path) {
  const { outputText, diagnostics } = ts.transpileModule(readFileSync(path, "utf8"), {
    fileName: path,
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2018, module: ts.ModuleKind.CommonJS, removeComments: true, allowJs: true },
  });
  if (diagnostics?.length) throw new Error(`${path}: ${ts.flattenDiagnosticMessageText(diagnostics[0].messageText, "\n")}`);
  return outputText;
}

for (const path of files(SOURCE)) {
  const target = join(out, relative(SOURCE, path));
  if (path.endsWith(".d.ts")) continue;
  if (path.endsWith(".ts")) write(target.replace(/\.ts$/, ".js"), transpiled(path));
  else if (COPIED.test(path)) {
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(path, target);
  } else throw new Error(`${path} is nothing of a mini program`);
}
for (const path of [join(SHARED, "protocol.js"), join(SHARED, "progress.js"), ...files(join(SHARED, "protocol"))]) {
  write(join(out, "protocol", relative(SHARED, path)), transpiled(path));
}
write(join(out, "strings.js"), `exports.STRINGS = ${JSON.stringify(strings)};\n`);
write(join(out, "config.js"), Object.entries(config).map(([name, value]) => `exports.${name} = ${JSON.stringify(value)};\n`).join(""));

const { subPackages } = JSON.parse(readFileSync(join(out, "app.json"), "utf8"));
const weights = new Map([["main", 0], ...subPackages.map(({ root }) => [root, 0])]);
for (const path of files(out)) {
  const part = subPackages.find(({ root }) => relative(out, path).startsWith(`${root}/`))?.root ?? "main";
  weights.set(part, weights.get(part) + statSync(path).size);
}
const whole = [...weights.values()].reduce((sum, size) => sum + size, 0);
for (const [name, size] of weights) console.log(`${name} ${size}`);
console.log(`whole ${whole}`);
if (whole >= WHOLE || weights.get("main") >= MAIN) throw new Error("The mini program weighs more than WeChat takes.");
