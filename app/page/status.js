
"use strict";
(() => {
  const ask_every = 2000; // milliseconds
  const patience = 15000; // for an answer
  const stale_after = 8000;
  const plot_span = 300000;
  const rate_span = 15000; // the rate in words is that of so long
  const token_name = "event-archiver-token";

  const by_id = (id) => document.getElementById(id);
  let token = sessionStorage.getItem(token_name) || "";
  let answered_at = 0; // by this machine's clock
  let failure = "";
  let paused = false;
  let next_look = 0; // of setTimeout

  // Text goes in as text: nothing that the server says becomes markup.
  const element = (name, text, classes) => {
    const made = document.createElement(name);
    if (text !== undefined && text !== null) made.textContent = text;
    if (classes) made.className = classes;
    return made;
  };

  const asked = (path) =>
    fetch(path, { headers: token ? { Authorization: `Bearer ${token}` } : {}, cache: "no-store", signal: AbortSignal.timeout(patience) });

  const number = (value) => (value === null || value === undefined ? "?" : value.toLocaleString("en-US"));
  const counted = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

  const bytes = (value) => {
    if (value === null) return "";
    const units = ["B", "kB", "MB", "GB", "TB", "PB"];
    let unit = 0;
    while (value >= 999.95 && unit + 1 < units.length) {
      value /= 1000;
      unit += 1;
    }
    return unit === 0 ? `${value}\u00a0B` : `${value.toFixed(1)}\u00a0${units[unit]}`;
  };

  // A number stays on the line of its unit.
  const joined = (...parts) => parts.join("\u00a0");
  const span = (seconds) => {
    if (seconds === null || seconds === undefined) return "";
    if (seconds < 1) return joined(Math.round(seconds * 1000), "ms");
    if (seconds < 60) return joined(Math.floor(seconds), "s");
    if (seconds < 3600) return joined(Math.floor(seconds / 60), "min");
    if (seconds < 86400) return joined(Math.floor(seconds / 3600), "h", Math.floor((seconds % 3600) / 60), "min");
    return joined(Math.floor(seconds / 86400), "d", Math.floor((seconds % 86400) / 3600), "h");
  };

  const ago = (time, now) => {
    const made = element("time", `${span(Math.max(0, (now - Date.parse(time)) / 1000))} ago`);
    made.dateTime = time;
    made.title = time;
    return made;
  };

  // What happened between two samples, in events a second.
  const rates_of = (samples) =>
    samples.slice(1).map(([at, position], index) => {
      const [from, before] = samples[index];
      return { from, to: at, rate: at > from ? ((position - before) * 1000) / (at - from) : 0 };
    });

  const rate_now = (samples, now) => {
    const first = samples.findLast(([at]) => at <= now - rate_span) || samples[0];
    const last = samples[samples.length - 1];
    return last && last[0] > first[0] ? ((last[1] - first[1]) * 1000) / (last[0] - first[0]) : null;
  };

  const rate_text = (rate) => {
    if (rate === null) return "";
    if (rate > 0 && rate < 10) return `${rate.toFixed(1)}/s`;
    return `${number(Math.round(rate))}/s`;
  };

  const drawn = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  // The last five minutes, a step for each sample; the highest is as high as the plot.
  const plot = (samples, now) => {
    const width = 120;
    const height = 30;
    const top = 2;
    const rates = rates_of(samples).filter(({ to }) => to > now - plot_span);
    const most = Math.max(...rates.map(({ rate }) => rate), 0);
    const x = (at) => ((Math.max(at, now - plot_span) - (now - plot_span)) / plot_span) * width;
    const y = (rate) => height - 1 - (most > 0 ? (rate / most) * (height - 1 - top) : 0);
    const picture = drawn("svg", { class: "plot", viewBox: `0 0 ${width} ${height}`, role: "img" });
    const title = drawn("title", {});
    title.textContent = `events a second in the last five minutes, at most ${rate_text(most)}`;
    picture.append(title, drawn("line", { class: "ground", x1: 0, x2: width, y1: height - 1, y2: height - 1 }));
    if (rates.length > 0 && most > 0) {
      const steps = rates.map(({ from, to, rate }) => `L${x(from).toFixed(1)} ${y(rate).toFixed(1)}L${x(to).toFixed(1)} ${y(rate).toFixed(1)}`);
      const curve = "M" + steps.join("").slice(1);
      const left = x(rates[0].from).toFixed(1);
      const right = x(rates[rates.length - 1].to).toFixed(1);
      picture.append(drawn("path", { class: "area", d: `${curve}L${right} ${height - 1}L${left} ${height - 1}Z` }), drawn("path", { class: "curve", d: curve }));
    }
    return picture;
  };

  const rate_cell = (samples, now) => {
    const both = element("span");
    both.append(element("span", rate_text(rate_now(samples, now))), plot(samples, now));
    return both;
  };

  // `columns`: a heading, and its class if it has one. A row is a list of texts or elements.
  const table = (columns, rows) => {
    const made = element("table");
    const head = element("tr");
    for (const [heading, classes] of columns) {
      const cell = element("th", heading, classes);
      cell.scope = "col";
      head.append(cell);
    }
    const body = element("tbody");
    for (const row of rows) {
      const line = element("tr");
      row.forEach((content, column) => {
        const cell = element(column === 0 ? "th" : "td", null, columns[column][1]);
        if (column === 0) cell.scope = "row";
        else cell.dataset.label = columns[column][0];
        if (content !== null && content !== "") cell.append(content);
        line.append(cell);
      });
      body.append(line);
    }
    const top = element("thead");
    top.append(head);
    made.append(top, body);
    return made;
  };

  const with_small = (text, small) => {
    const made = document.createDocumentFragment();
    made.append(text);
    if (small) made.append(element("small", small));
    return made;
  };

  const fill = (id, note, content) => {
    const section = by_id(id);
    section.querySelector(".note").replaceChildren(note);
    section.querySelector(".rows").replaceChildren(...(content ? [content] : []));
  };

  const partition_of = (each) => (each.partition > 0 ? `partition ${each.partition}` : "");

  // `end` is the position that the next event will have.
  const positions = ({ begin, end }) => {
    if (begin === null || end === null) return "?";
    if (end <= begin) return "none";
    return end - begin === 1 ? number(begin) : `${number(begin)} – ${number(end - 1)}`;
  };

  const show_journal = (journal, now) => {
    if (!journal) {
      fill("journal", "This server does not take events.");
      return;
    }
    const left_out = journal.topics_left_out > 0 ? `; ${counted(journal.topics_left_out, "more topic")} not shown` : "";
    const pending = journal.batches_pending > 0 ? `; ${counted(journal.batches_pending, "batch")} not durable yet` : "";
    const rows = journal.topics.map((each) => [
      with_small(each.topic, partition_of(each)),
      number(each.end - each.begin),
      positions(each),
      bytes(each.bytes),
      rate_cell(each.samples, now),
    ]);
    const columns = [["Topic"], ["Events", "n"], ["Positions", "n"], ["Bytes", "n"], ["Appended", "rate n"]];
    const empty = rows.length === 0 && !journal.problem ? ": no topic yet" : "";
    fill("journal", journal.place + empty + pending.replace("batchs", "batches") + left_out + (journal.problem ? `. Not known: ${journal.problem}` : ""),
      rows.length > 0 ? table(columns, rows) : null);
  };

  const states = {
    starting: ["starting", "warn"],
    running: ["running", "good"],
    standing_by: ["standing by", "good"],
    paused: ["paused", "warn"],
    failed: ["failed", "bad"],
    rebuilding: ["rebuilding", "warn"],
    unattended: ["nobody applies it", "bad"],
  };

  const stalled_after = 30;
  const state_cell = (each) => {
    const stalled = each.here && each.state === "running" && each.idle_seconds > stalled_after;
    const [word, classes] = stalled ? ["stalled", "bad"] : states[each.state] || [each.state, ""];
    const made = document.createDocumentFragment();
    made.append(element("span", word, `pill ${classes}`));
    if (each.reason) made.append(element("small", each.reason));
    else if (each.idle_seconds > stalled_after) made.append(element("small", `has not moved for ${span(each.idle_seconds)}`));
    return made;
  };

  const letters_cell = (each) => {
    if (each.dead_letters === null) return "?";
    const text = number(each.dead_letters) + (each.dead_letters_or_more ? " or more" : "");
    return each.dead_letters > 0 ? element("strong", text, "bad") : text;
  };

  const show_projections = (status, now) => {
    const all = status.projections;
    by_id("projections").hidden = all === null;
    by_id("dead_letters").hidden = all === null;
    if (all === null) return;
    const rows = all.map((each) => [
      with_small(each.projection, `${each.topic} ${partition_of(each)}`),
      state_cell(each),
      with_small(number(each.behind), each.behind > 0 ? span(each.behind_seconds) : ""),
      number(each.position),
      letters_cell(each),
      rate_cell(each.samples, now),
    ]);
    const columns = [["Projection"], ["State"], ["Behind", "n"], ["Position", "n"], ["Dead letters", "n"], ["Applied", "rate n"]];
    const problem = status.projections_problem ? `The database could not be asked, so this is what the server knows itself: ${status.projections_problem}` : "";
    fill("projections", problem || (rows.length === 0 ? "No projection has begun." : ""), rows.length > 0 ? table(columns, rows) : null);
  };

  const show_dead_letters = (letters, now) => {
    if (letters === null) {
      fill("dead_letters", "Not known: the database could not be asked.");
      return;
    }
    const rows = letters.map((each) => [
      with_small(each.projection, `${each.topic} ${partition_of(each)}`),
      number(each.position),
      with_small(each.reason.replaceAll("_", " "), `SQLSTATE ${each.sqlstate}`),
      ago(each.failed_at, now),
    ]);
    const note = document.createDocumentFragment();
    if (rows.length === 0) note.append("No event was refused.");
    else note.append("The latest. ", element("code", "event-archiver dead-letters NAME"), " shows the events and PostgreSQL's own words, and with --retry applies them again.");
    fill("dead_letters", note, rows.length > 0 ? table([["Projection"], ["Position", "n"], ["Reason"], ["Refused", "n"]], rows) : null);
  };

  const outcomes = { exported: "good", empty: "good", tried: "warn", failed: "bad" };
  const run_cell = (run) => {
    if (!run) return element("span", "not since the server began", "soft");
    const made = document.createDocumentFragment();
    made.append(element("span", run.outcome, `pill ${outcomes[run.outcome] || ""}`));
    if (run.error) made.append(element("small", run.error + (run.hint ? ` ${run.hint}` : "")));
    else if (run.file) made.append(element("small", run.file));
    return made;
  };

  const show_exports = (status, now) => {
    by_id("exports").hidden = status.exports === null;
    if (status.exports === null) return;
    const rows = status.exports.map((each) => [
      with_small(each.name, each.mistake),
      element("span", each.mistake ? "broken" : each.state, `pill ${each.mistake ? "bad" : each.state === "running" ? "good" : ""}`),
      run_cell(each.last_run),
      each.last_run ? number(each.last_run.rows) : "",
      each.last_run ? bytes(each.last_run.bytes) : "",
      each.last_run ? with_small(ago(each.last_run.began, now), `took ${span(each.last_run.took_ms / 1000)}`) : "",
      each.last_success ? ago(each.last_success.began, now) : "",
    ]);
    const columns = [["Task"], ["Now"], ["Last run"], ["Rows", "n"], ["Bytes", "n"], ["Began", "n"], ["Last success", "n"]];
    const note = status.exports_problem ? `Not known: ${status.exports_problem}` : rows.length === 0 ? "There is no task." : "";
    fill("exports", note, rows.length > 0 ? table(columns, rows) : null);
  };

  const calendar = { cell: 13, left: 34, top: 20, day: 86400000 }; // pixels, but for the last: milliseconds
  const marked = { held: ["held", "on hold"], restored: ["held", "back in the table"], pending: ["waiting", "waits for a transaction"], missing: ["lost", "missing"],
    altered: ["lost", "altered"], unreadable: ["lost", "unreadable"] };

  // As report_calendar.cpp: a tenth of the fullest day is two shades lighter.
  const shade_of = (rows, most) => (rows > 0 ? Math.min(5, Math.max(1, 5 + Math.floor(2 * Math.log10(rows / most) + 0.5))) : 1);
  const new_year = (year) => Date.UTC(year, 0, 1);
  const weekday = (time) => (new Date(time).getUTCDay() + 6) % 7; // Monday is 0
  const column = (time, year) => Math.floor(((time - new_year(year)) / calendar.day + weekday(new_year(year))) / 7);

  const year_picture = (year, days, most) => {
    const width = calendar.left + 54 * calendar.cell;
    const height = calendar.top + 7 * calendar.cell;
    const picture = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
    const word = (text, x, y) => {
      const made = drawn("text", { x, y });
      made.textContent = text;
      picture.append(made);
    };
    for (let month = 0; month < 12; month += 1) {
      const name = new Date(Date.UTC(year, month, 1)).toLocaleString("en-US", { month: "short", timeZone: "UTC" });
      word(name, calendar.left + column(Date.UTC(year, month, 7), year) * calendar.cell, 13);
    }
    for (const [row, name] of [[0, "Mon"], [2, "Wed"], [4, "Fri"]]) word(name, 0, calendar.top + row * calendar.cell + 10);
    let rows = 0;
    let filled = 0;
    for (let time = new_year(year); time < new_year(year + 1); time += calendar.day) {
      const here = days.get(time);
      const place = { x: calendar.left + column(time, year) * calendar.cell, y: calendar.top + weekday(time) * calendar.cell };
      const cell = drawn("rect", { ...place, class: here ? `s${shade_of(here.rows, most)} ${here.mark}` : "s0" });
      if (here) {
        const title = drawn("title", {});
        title.textContent = `${here.day}: ${counted(here.rows, "row")}, ${bytes(here.bytes)}${here.words ? `, ${here.words}` : ""}`;
        cell.append(title);
        rows += here.rows;
        filled += 1;
      }
      picture.append(cell);
    }
    const sentence = `${counted(rows, "row")} on ${counted(filled, "day")}`;
    picture.setAttribute("aria-label", `${year}: ${sentence}`);
    const caption = element("figcaption");
    caption.append(element("b", String(year)), ` ${sentence}`);
    const scroll = element("div", null, "scroll");
    scroll.append(picture);
    const made = element("figure", null, "year");
    made.append(caption, scroll);
    return made;
  };

  const legend = (states) => {
    const made = element("p", "fewer ", "legend");
    for (let shade = 1; shade <= 5; shade += 1) made.append(element("i", null, `s${shade}`));
    made.append(" more rows");
    for (const [state, [mark, words]] of Object.entries(marked))
      if (states.has(state)) {
        const entry = element("span");
        entry.append(element("i", null, `s2 ${mark}`), ` ${words}`);
        made.append(" ", entry);
      }
    return made;
  };

  // A day may have two files.
  const calendar_of = (files) => {
    const days = new Map();
    for (const file of files) {
      const time = Date.parse(file.day);
      const here = days.get(time) || { day: file.day, rows: 0, bytes: 0, mark: "", words: "" };
      here.rows += file.rows || 0;
      here.bytes += file.bytes;
      if (marked[file.state]) [here.mark, here.words] = marked[file.state];
      days.set(time, here);
    }
    const most = Math.max(...[...days.values()].map(({ rows }) => rows), 0);
    const years = [...new Set([...days.keys()].map((time) => new Date(time).getUTCFullYear()))].sort((a, b) => b - a);
    const made = document.createDocumentFragment();
    made.append(...years.map((year) => year_picture(year, days, most)));
    if (years.length > 0) made.append(legend(new Set(files.map(({ state }) => state))));
    return made;
  };

  const archive_note = (status, now) => {
    const { archive } = status;
    if (!archive) return `This server reads no archive: ${status.storage}.`;
    const problem = archive.problem ? `Not known now: ${archive.problem}. ` : "";
    if (!archive.totals) return problem || `${archive.path} is being looked at.`;
    const { days, rows, bytes: stored, gap_days, held, pending, lost } = archive.totals;
    const parts = [counted(days, "day"), counted(rows, "row"), bytes(stored)];
    if (gap_days > 0) parts.push(`${counted(gap_days, "day")} in between without a file`);
    if (held > 0) parts.push(`${counted(held, "file")} on hold`);
    if (pending > 0) parts.push(`${counted(pending, "file")} with rows that may not be committed`);
    if (lost > 0) parts.push(`${counted(lost, "file")} missing or altered`);
    const made = document.createDocumentFragment();
    made.append(`${problem}${archive.path}: ${parts.join(", ")}; seen `, ago(archive.looked_at, now));
    return made;
  };

  let calendar_from = ""; // the look whose days are drawn, or asked for
  const show_calendar = async (archive) => {
    const rows = by_id("archive").querySelector(".rows");
    if (!archive || !archive.looked_at) {
      calendar_from = "";
      rows.replaceChildren();
      return;
    }
    if (archive.looked_at === calendar_from) return;
    calendar_from = archive.looked_at;
    try {
      const answer = await asked("ui/archive");
      if (!answer.ok) throw new Error();
      const { days } = await answer.json();
      rows.replaceChildren(calendar_of(days));
      // Where a year is wider than the screen, its last days with rows are shown first.
      for (const year of rows.querySelectorAll(".scroll")) {
        const right = Math.max(...[...year.querySelectorAll("rect:not(.s0)")].map((cell) => cell.getBoundingClientRect().right), 0);
        year.scrollLeft += Math.max(0, right + 30 - year.getBoundingClientRect().right);
      }
    } catch {
      calendar_from = ""; // with the next numbers once more
    }
  };

  const show_archive = (status, now) => {
    by_id("archive").querySelector(".note").replaceChildren(archive_note(status, now));
    show_calendar(status.archive);
  };

  const show_problems = (checks) => {
    const wrong = Object.entries(checks).filter(([, said]) => said !== "ok");
    const list = by_id("problems");
    list.hidden = wrong.length === 0;
    list.querySelector("ul").replaceChildren(...wrong.map(([name, said]) => {
      const line = element("li");
      line.append(element("strong", `${name}: `), said);
      return line;
    }));
  };

  const show = (status) => {
    const now = Date.parse(status.time);
    const running = span((now - Date.parse(status.started)) / 1000);
    by_id("about").textContent = `${location.host} · version ${status.version} · running for ${running}`;
    const pill = by_id("state");
    pill.textContent = status.state;
    pill.className = `pill ${status.state === "ready" ? "good" : status.state === "stopping" ? "warn" : "bad"}`;
    show_problems(status.checks);
    show_journal(status.journal, now);
    show_projections(status, now);
    show_dead_letters(status.dead_letters, now);
    show_exports(status, now);
    show_archive(status, now);
    by_id("shown").hidden = false;
  };

  // Once a second: how old what is shown is, and whether that is too old.
  const show_age = () => {
    const age = by_id("age");
    if (answered_at === 0) {
      age.textContent = "";
    } else {
      const seconds = (Date.now() - answered_at) / 1000;
      const stale = !paused && (Boolean(failure) || Date.now() - answered_at > stale_after);
      const old = `${span(Math.floor(seconds))} old`;
      age.textContent = paused ? `paused, ${old}` : stale ? old : "up to date";
      age.className = stale ? "bad" : "";
      document.body.classList.toggle("stale", stale);
    }
    const alarm = by_id("alarm");
    alarm.hidden = !failure;
    if (failure) {
      const since = answered_at ? ` What is shown is from ${new Date(answered_at).toLocaleTimeString()}, ${span(Math.floor((Date.now() - answered_at) / 1000))} ago.` : "";
      alarm.textContent = failure + since;
    }
  };

  const ask_for_token = () => {
    by_id("sign_in").hidden = false;
    by_id("pause").hidden = true;
    by_id("refused").hidden = !token;
    by_id("shown").hidden = true;
    by_id("state").textContent = "token wanted";
    by_id("state").className = "pill warn";
    answered_at = 0;
    failure = "";
    show_age();
    by_id("token").focus();
  };

  const gone = (why) => {
    failure = why;
    by_id("state").textContent = "no answer";
    by_id("state").className = "pill bad";
    show_age();
  };

  // False: there is nothing to ask for until a person acts.
  const ask = async () => {
    let answer;
    let status;
    try {
      answer = await asked("ui/status");
      if (answer.ok) status = await answer.json();
    } catch {
      gone("The server does not answer.");
      return true;
    }
    if (answer.status === 401) {
      ask_for_token();
      return false;
    }
    if (!status) {
      gone(`The server answers with status ${answer.status}.`);
      return true;
    }
    by_id("sign_in").hidden = true;
    by_id("pause").hidden = false;
    failure = "";
    answered_at = Date.now();
    show(status);
    show_age();
    return true;
  };

  const look = async () => {
    clearTimeout(next_look);
    if (paused || document.hidden) return;
    const again = await ask();
    clearTimeout(next_look);
    if (again && !paused) next_look = setTimeout(look, ask_every);
  };

  by_id("sign_in").addEventListener("submit", (event) => {
    event.preventDefault();
    token = by_id("token").value.trim();
    by_id("token").value = "";
    sessionStorage.setItem(token_name, token);
    look();
  });
  by_id("pause").addEventListener("click", () => {
    paused = !paused;
    by_id("pause").textContent = paused ? "Go on" : "Pause";
    by_id("pause").setAttribute("aria-pressed", String(paused));
    show_age();
    look();
  });
  document.addEventListener("visibilitychange", look);
  setInterval(show_age, 1000);
  look();
})();
