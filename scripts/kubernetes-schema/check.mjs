// node check.mjs < OBJECTS     checks a JSON array of Kubernetes objects; prints what is wrong and exits 1
//
// Twice, because each misses what the other sees: the schema's validators know ranges, enums and what is required; the
// types, through the TypeScript compiler, know which fields there are, so that a misspelt one does not pass unread.
import { readFileSync, writeFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const here = dirname(fileURLToPath(import.meta.url));
const objects = JSON.parse(readFileSync(0, "utf8"));
const wrong = [];

const place = ({ apiVersion, kind }) =>
  `${apiVersion.startsWith("monitoring.coreos.com/") ? "@kubernetes-models/prometheus-operator" : "kubernetes-models"}/${apiVersion}/${kind}`;
const name = ({ kind, metadata }) => `${kind} ${metadata?.name}`;

for (const object of objects) {
  try {
    const model = (await import(place(object)))[object.kind];
    new model(object).validate();
  } catch (error) {
    wrong.push(`${name(object)}: ${error.message}`);
  }
}

const source = objects
  .map((object, index) => `import type { I${object.kind} as T${index} } from "${place(object)}";\n`
    + `export const o${index}: T${index} = ${JSON.stringify(object, null, 1)};\n`)
  .join("");
const file = join(here, `objects-${process.pid}.ts`);
writeFileSync(file, source);
try {
  const program = ts.createProgram([file], {
    strict: true, noEmit: true, skipLibCheck: true, types: [],
    target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext,
  });
  for (const { messageText, start } of ts.getPreEmitDiagnostics(program)) {
    const index = source.slice(0, start ?? 0).split("export const").length - 2;
    wrong.push(`${name(objects[Math.max(index, 0)])}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`);
  }
} finally {
  rmSync(file);
}
for (const line of wrong) console.log(line);
process.exit(wrong.length ? 1 : 0);
