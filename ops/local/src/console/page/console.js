"use strict";
// Everything shown goes through text nodes and attributes: names, keys and log lines are untrusted.

const SVG = "http://www.w3.org/2000/svg";

function element(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}
const h = (tag, attributes, ...children) => element(document.createElement(tag), attributes, children);
const s = (tag, attributes, ...children) => element(document.createElementNS(SVG, tag), attributes, children);

async function ask(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

// Numbers for people.

function duration(us) {
  if (us === null || us === undefined) return "";
  if (us < 1000) return `${us} µs`;
  if (us < 1e4) return `${(us / 1e3).toFixed(1)} ms`;
  if (us < 1e6) return `${Math.round(us / 1e3)} ms`;
  if (us < 6e7) return `${(us / 1e6).toFixed(1)} s`;
  return `${Math.floor(us / 6e7)} m ${Math.round((us % 6e7) / 1e6)} s`;
}
function bytes(count) {
  if (count === null || count === undefined) return "";
  const units = ["B", "KB", "MB", "GB"];
  let unit = 0;
  while (count >= 1000 && unit < units.length - 1) { count /= 1000; unit += 1; }
  return `${unit && count < 100 ? count.toFixed(1) : Math.round(count)} ${units[unit]}`;
}
function amount(value, unit) {
  if (unit === "Bytes") return bytes(value);
  if (unit === "Milliseconds") return duration(Math.round(value * 1000));
  if (unit === "Microseconds") return duration(Math.round(value));
  if (unit === "Seconds") return duration(Math.round(value * 1e6));
  return value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 2 : 0 });
}
const clock = (ms) => (ms ? new Date(ms).toLocaleTimeString("en-GB") : "");

function pill(status) {
  const kind = { DONE: "good", FAILED: "bad", PROCESSING: "busy", RETRYING: "busy", STALLED: "bad", "DEAD LETTER": "bad" }[status] || "idle";
  return h("span", { class: `pill ${kind}` }, status || "?");
}
const traceLink = (id, text) => (id ? h("a", { href: `#/trace/${encodeURIComponent(id)}` }, text) : "");

function card(title, note, ...content) {
  return h("section", { class: "card" }, h("h2", {}, title, note ? h("small", {}, note) : null), ...content);
}
function table(heads, rows, nothing) {
  if (!rows.length) return h("p", { class: "empty" }, nothing);
  const head = heads.map(([text, kind]) => h("th", { class: kind || null }, text));
  return h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows)));
}
const cell = (content, kind) => h("td", { class: kind || null }, content);

// The overview.

function spark(points) {
  const width = 120, height = 26;
  const times = points.map((point) => point[0]), values = points.map((point) => point[1]);
  const first = Math.min(...times), span = Math.max(...times) - first || 1;
  const low = Math.min(0, ...values), range = Math.max(...values) - low || 1;
  const place = ([time, value]) => [
    times.length === 1 ? width : ((time - first) / span) * width,
    height - 2 - ((value - low) / range) * (height - 4),
  ];
  const places = points.map(place);
  const path = places.map(([x, y], index) => `${index ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
  const [x, y] = places[places.length - 1];
  return s("svg", { class: "spark", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
    s("path", { d: path }), s("circle", { cx: x, cy: y, r: 2.2 }));
}

function stackCard(stack) {
  const link = (address) => h("a", { href: address, rel: "noreferrer" }, address);
  const shown = (value) => (/^https?:\/\//.test(value) ? link(value) : h("span", { class: "mono" }, value));
  const pair = (name, value) => [h("dt", {}, name), h("dd", {}, shown(value))];
  const main = ["ApiUrl", "HostedUiUrl"].filter((name) => stack.outputs[name]);
  const rest = Object.entries(stack.outputs).filter(([name]) => !main.includes(name));
  return card("Stack", `${stack.name} · ${stack.region}`,
    h("dl", {}, pair("AWS APIs", stack.endpoint), main.map((name) => pair(name, stack.outputs[name])),
      pair("Demo user", stack.user)),
    h("details", { id: "outputs" }, h("summary", {}, `${rest.length} more outputs`),
      h("dl", {}, rest.map(([name, value]) => pair(name, value)))));
}

function uploadsCard({ uploads, complete, problem }) {
  const rows = uploads.slice(0, 100).map((upload) => h("tr", {},
    cell(h("span", { class: "mono", title: upload.key }, upload.image_id)),
    cell([pill(upload.status), upload.reason ? h("span", { class: "soft" }, ` ${upload.reason}`) : null], "nowrap"),
    cell(bytes(upload.bytes), "num"),
    cell(upload.width ? `${upload.width} × ${upload.height}` : "", "num"),
    cell(upload.start_us ? clock(upload.start_us / 1000) : "", "num"),
    cell(traceLink(upload.trace_id, duration(upload.duration_us) || "trace"), "num")));
  const note = problem || (complete ? "" : "the table holds more than is shown");
  return card("Uploads", note, table(
    [["Image"], ["Status"], ["Size", "num"], ["Pixels", "num"], ["Started", "num"], ["Trace", "num"]], rows,
    "No uploads yet. Send one with: ops upload FILE"));
}

function failuresCard(logs, uploads) {
  const imageOf = (line) => line.fields.image_id || line.fields.imageId;
  const logged = new Set(logs.map(imageOf));
  const unlogged = (upload) => upload.status === "FAILED" && !logged.has(upload.image_id);
  const failed = uploads.filter(unlogged).slice(0, 20).map((upload) => ({
    at: (upload.start_us || 0) / 1000, what: `rejected: ${upload.reason || "no reason given"}`,
    image: upload.image_id, trace: upload.trace_id,
  }));
  const lines = logs.map((line) => ({
    at: line.timestamp_ms, what: line.message, image: imageOf(line),
    trace: line.fields.trace_id, level: line.level, detail: line.fields,
  }));
  const rows = [...failed, ...lines].sort((a, b) => b.at - a.at).slice(0, 30).map((row) => h("tr", {},
    cell(clock(row.at), "time"),
    cell(row.detail ? h("details", {}, h("summary", {}, row.what),
      h("pre", {}, JSON.stringify(row.detail, null, 2))) : row.what),
    cell(h("span", { class: "mono" }, row.image || "")),
    cell(traceLink(row.trace, "trace"), "num")));
  return card("Recent failures", "", table([["Time", "time"], ["What"], ["Image"], ["Trace", "num"]], rows,
    "Nothing failed."));
}

function metricsCard({ metrics, refused }) {
  const rows = metrics.map((metric) => h("tr", {},
    cell([h("div", {}, metric.name), h("div", { class: "soft mono dims" },
      Object.entries(metric.dimensions).map(([name, value]) => h("span", {}, `${name}=${value}`)))]),
    cell(amount(metric.samples, ""), "num"),
    cell(metric.unit === "Count" ? amount(metric.sum, "") : "", "num"),
    cell(amount(metric.average, metric.unit), "num"),
    cell(amount(metric.p99, metric.unit), "num"),
    cell(amount(metric.maximum, metric.unit), "num"),
    cell(h("span", { title: `${metric.drawn} by the minute` }, spark(metric.points)))));
  const note = refused ? `${refused} lines refused: their metrics would be lost on AWS` : "last 3 hours";
  return card("Metrics", note, table(
    [["Metric"], ["Samples", "num"], ["Sum", "num"], ["Average", "num"], ["p99", "num"], ["Max", "num"], ["By the minute"]],
    rows, "No metrics yet."));
}

function mailCard(mail) {
  const rows = [...mail].reverse().slice(0, 50).map((item) => h("tr", {},
    cell(clock(Date.parse(item.published_at)), "time"),
    cell(item.topic, "nowrap"),
    cell(h("details", {}, h("summary", {}, item.subject || "(no subject)"), h("pre", {}, item.body))),
    cell(h("span", { class: "mono" }, item.image_id || ""))));
  return card("Outbox", "what subscribers would have been sent", table(
    [["Time", "time"], ["Topic"], ["Subject"], ["Image"]], rows, "No mail yet."));
}

function alarmsCard({ alarms, evaluated_at }, { dashboards }) {
  const rank = (alarm) => ["ALARM", "INSUFFICIENT_DATA", "OK"].indexOf(alarm.state);
  const kinds = { ALARM: "bad", OK: "good", INSUFFICIENT_DATA: "idle" };
  const rows = [...alarms].sort((a, b) => rank(a) - rank(b)).map((alarm) => h("tr", {},
    cell(h("details", { id: `alarm-${alarm.name}` }, h("summary", {}, alarm.name),
      h("p", {}, alarm.description), alarm.reason ? h("p", { class: "soft" }, alarm.reason) : null,
      h("p", { class: "mono" }, alarm.runbook))),
    cell(h("span", { class: `pill ${kinds[alarm.state] || "idle"}` }, alarm.state)),
    cell(alarm.severity, "soft"),
    cell(alarm.since ? clock(Date.parse(alarm.since)) : "", "num")));
  const links = dashboards.map((name) => h("a", { href: `#/dashboard/${encodeURIComponent(name)}` }, name));
  const note = evaluated_at ? `evaluated up to ${clock(Date.parse(evaluated_at))}` : "not evaluated yet";
  return card("Alarms", note, h("p", { class: "links" }, "Dashboards: ", links.flatMap((link) => [link, " "])),
    table([["Alarm"], ["State"], ["Severity"], ["Since", "num"]], rows, "No alarms."));
}

// A dashboard, drawn anew whenever the page is.

function dashboardPage(name) {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const source = `/api/dashboard.svg?name=${encodeURIComponent(name)}&dark=${dark}&at=${Date.now()}`;
  return [h("a", { class: "back", href: "#/" }, "← All uploads"),
    card("Dashboard", name, h("img", { class: "dashboard", src: source, alt: `The dashboard ${name}` }))];
}

async function overview() {
  const [stack, uploads, metrics, mail, logs, alarms, dashboards] = await Promise.all([
    ask("/api/stack"), ask("/api/uploads"), ask("/api/metrics"), ask("/api/mail"),
    ask("/api/logs?level=ERROR,WARN&limit=50"), ask("/api/alarms"), ask("/api/dashboards")]);
  const count = (status) => uploads.uploads.filter((upload) => upload.status === status).length;
  const number = (value, label) => h("div", { class: "number" }, h("b", {}, String(value)), h("span", {}, label));
  return [
    h("div", { class: "numbers" }, number(count("DONE"), "done"), number(count("FAILED"), "failed"),
      number(count("PROCESSING"), "processing"), number(mail.mail.length, "mails sent")),
    uploadsCard(uploads), failuresCard(logs.logs, uploads.uploads), alarmsCard(alarms, dashboards), metricsCard(metrics),
    mailCard(mail.mail), stackCard(stack)];
}

// One trace.

function bar(row, cuts, kind) {
  return s("svg", { viewBox: "0 0 1000 16", preserveAspectRatio: "none", "aria-hidden": "true" },
    cuts.map((cut) => s("path", { class: "cut", d: `M${cut.from + cut.length / 2} 0V16`, "vector-effect": "non-scaling-stroke" })),
    s("rect", { class: kind, x: row.from, y: 3, width: Math.max(row.length, 3), height: 10, rx: 2 }));
}

function spanRow(row, cuts, services) {
  const span = row.span, failed = span.status === "error";
  const kind = failed ? "bar-bad" : `s${services.indexOf(span.service) % 5}`;
  const facts = [["service", span.service], ["span", span.span_id], ["kind", span.kind],
    ...(span.message ? [["message", span.message]] : []), ...Object.entries(span.attributes)];
  const text = (value) => (typeof value === "string" ? value : JSON.stringify(value));
  return h("details", { class: failed ? "failed" : null, id: `span-${span.span_id}` },
    h("summary", {}, h("div", { class: "bar-row" },
      h("span", { class: `name d${Math.min(row.depth, 4)}`, title: span.name }, failed ? `✗ ${span.name}` : span.name),
      h("span", { class: "num" }, duration(span.duration_us)), bar(row, cuts, kind))),
    h("dl", {}, facts.map(([name, value]) => [h("dt", {}, name), h("dd", { class: "mono" }, text(value))]),
      span.links.map((link) => [h("dt", {}, "linked"), h("dd", { class: "mono" }, traceLink(link.trace_id, link.trace_id))])));
}

async function tracePage(id) {
  const query = `trace_id=${encodeURIComponent(id)}`;
  const [{ trace, layout }, { logs }] = await Promise.all([ask(`/api/waterfall?${query}`), ask(`/api/logs?${query}`)]);
  const back = h("a", { class: "back", href: "#/" }, "← All uploads");
  if (!trace) return [back, card("Trace", id, h("p", { class: "empty" }, "No such trace, or not yet."))];
  const services = [...new Set(layout.rows.map((row) => row.span.service))];
  const legend = services.map((service, index) => h("span", {},
    s("svg", { viewBox: "0 0 10 10" }, s("rect", { class: `s${index % 5}`, width: 10, height: 10, rx: 2 })), service));
  const cuts = layout.cuts.map((cut) => h("span", {},
    `┊ ${duration(cut.length_us)} cut out between ${cut.after} and ${cut.before}`));
  const lines = logs.map((line) => h("tr", {},
    cell(clock(line.timestamp_ms), "time"), cell(line.level || "", "soft"),
    cell(h("details", {}, h("summary", {}, line.message), h("pre", {}, JSON.stringify(line.fields, null, 2)))),
    cell(line.fields.service || "", "soft nowrap")));
  return [back,
    card("Trace", `${duration(trace.duration_us)} · ${trace.spans.length} spans`,
      h("dl", {}, h("dt", {}, "Trace"), h("dd", { class: "mono" }, trace.trace_id),
        trace.image_ids.map((image) => [h("dt", {}, "Image"), h("dd", { class: "mono" }, image)])),
      h("div", { class: "legend" }, legend, cuts),
      h("div", { class: "fall" }, layout.rows.map((row) => spanRow(row, layout.cuts, services)))),
    card("Log", `${logs.length} ${logs.length === 1 ? "line" : "lines"}`, table([["Time", "time"], ["Level"], ["Message"], ["Service"]], lines, "No lines mention this trace."))];
}

// Keep up with what is seen, but calmly: at most once a second, and opened details stay open.

const view = document.getElementById("view");
const health = document.getElementById("health");

function showStatus(kind, text, title) {
  health.className = `health ${kind}`;
  health.textContent = text;
  health.title = title || "";
}
const openPlaces = () => new Set([...view.querySelectorAll("details")]
  .map((item, index) => (item.open ? item.id || index : null)).filter((place) => place !== null));

async function draw(moved) {
  const [, page, id] = location.hash.match(/^#\/(trace|dashboard)\/(.+)$/) || [];
  const pages = { trace: tracePage, dashboard: dashboardPage };
  const content = page ? await pages[page](decodeURIComponent(id)) : await overview();
  const open = moved ? new Set() : openPlaces();
  view.replaceChildren(...content);
  view.querySelectorAll("details").forEach((item, index) => { item.open = open.has(item.id || index); });
  const { problems } = await ask("/api/problems");
  const failing = Object.entries(problems);
  if (failing.length) showStatus("bad", `${failing.length} of the sources fail`, failing.map((pair) => pair.join(": ")).join("\n"));
  else showStatus("good", "All sources report");
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function follow() {
  let seen = 0;
  for (;;) {
    try {
      await draw(false);
      const answer = await ask(`/api/revision?after=${seen}&wait_ms=25000`);
      seen = answer.revision;
      await pause(1000);
    } catch (error) {
      showStatus("bad", "The stack does not answer", String(error));
      await pause(2000);
    }
  }
}

window.addEventListener("hashchange", () => draw(true).catch((error) => showStatus("bad", "The stack does not answer", String(error))));
ask("/api/stack").then((stack) => {
  document.title = `${stack.name} · Image pipeline`;
  document.getElementById("title").textContent = stack.name === "default" ? "Image pipeline" : `Image pipeline · ${stack.name}`;
}).catch(() => {}).finally(follow);
