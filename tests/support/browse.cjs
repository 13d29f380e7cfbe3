// A page of Chromium for support/browser.py: a step a line on standard input, as JSON, and its answer a line on standard
// output. Arguments: the directory of playwright-core, the program of the browser, options of the page as JSON.
"use strict";
const { createInterface } = require("node:readline");
const { chromium } = require(process.argv[2]);

const steps = {
  open: (page, { url }) => page.goto(url).then(() => null),
  fill: (page, { what, text }) => page.fill(what, text).then(() => null),
  click: (page, { what }) => page.click(what).then(() => null),
  text: (page, { what }) => page.innerText(what),
  visible: (page, { what }) => page.isVisible(what),
  count: (page, { what }) => page.locator(what).count(),
  // Evaluates an expression of JavaScript in the page.
  value: (page, { expression }) => page.evaluate(expression),
  picture: (page, { path }) => page.screenshot({ path, fullPage: true }).then(() => null),
};

(async () => {
  const browser = await chromium.launch({ executablePath: process.argv[3], args: ["--no-sandbox"] });
  const page = await browser.newPage(JSON.parse(process.argv[4]));
  const noted = { errors: [], asked: [] };
  page.on("pageerror", (error) => noted.errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && noted.errors.push(message.text()));
  page.on("request", (request) => noted.asked.push(request.url()));
  steps.noted = async () => noted;
  for await (const line of createInterface({ input: process.stdin })) {
    const step = JSON.parse(line);
    const answer = await steps[step.step](page, step).then((value) => ({ value }), (error) => ({ error: String(error) }));
    process.stdout.write(JSON.stringify(answer) + "\n");
  }
  await browser.close();
})();
