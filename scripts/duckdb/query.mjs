// node query.mjs < SQL     runs one statement in a DuckDB of its own; prints the rows as JSON, one a line
import { readFileSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";

const session = await (await DuckDBInstance.create()).connect();
const answer = await session.runAndReadAll(readFileSync(0, "utf8"));
for (const row of answer.getRowObjectsJson()) console.log(JSON.stringify(row));
