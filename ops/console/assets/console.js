"use strict";
// What all pages share: news of the stack, times that stay true, buttons that copy. Markup comes from the server only.

const body = document.body;
const announcement = document.getElementById("announcement");

// Says something to who cannot see it change.
function announce(text) {
  announcement.textContent = text;
}

// News: an event of the server names the topics that changed; parts of the page with `hx-trigger="news:…"` ask for themselves.
// A hidden page holds no connection, since a browser has only six to a server.

const RETRY_MS = 3000;
let seen = body.dataset.revision;
let source = null;

function connected(is) {
  if (body.classList.toggle("cut-off", !is)) announce("The stack does not answer");
}
function listen() {
  if (source || document.hidden || seen === undefined) return;
  const query = new URLSearchParams({ after: seen, of: body.dataset.of });
  source = new EventSource(`/events?${query}`);
  source.addEventListener("open", () => connected(true));
  source.addEventListener("error", () => {
    connected(false);
    // The browser itself connects again, unless it was answered with something else.
    if (source.readyState !== EventSource.CLOSED) return;
    hush();
    setTimeout(listen, RETRY_MS);
  });
  // Another process knows neither this page's token nor its revision.
  source.addEventListener("restarted", () => location.reload());
  source.addEventListener("message", (event) => {
    seen = event.lastEventId;
    for (const topic of event.data.split(" ")) body.dispatchEvent(new CustomEvent(`news:${topic}`));
  });
}
function hush() {
  if (source) source.close();
  source = null;
}
document.addEventListener("visibilitychange", () => (document.hidden ? hush() : listen()));
addEventListener("pagehide", hush);
addEventListener("pageshow", listen);
listen();

// Opened details stay open when their part is made anew.

if (window.Idiomorph) {
  const { callbacks } = window.Idiomorph.defaults;
  callbacks.beforeAttributeUpdated = (name, node) => !(name === "open" && node.localName === "details");
}

// What newer things push down, or what goes to another group, glides to its place: rows and groups.

const PUSHED = ".rows > li, .stack > *, tr[id]";
const place = (it) => it.getBoundingClientRect().top;
let places = new Map();

// Each of them by its name, a card by its heading; what has none is no row of its own.
function pushed() {
  const named = [...document.querySelectorAll(PUSHED)].map((it) => [it.id || it.firstElementChild?.id || it.querySelector(":scope > .card-head > h2")?.textContent, it]);
  return named.filter(([name]) => name);
}
function remember() {
  places = new Map(pushed().map(([name, it]) => [name, place(it)]));
}
function glide() {
  if (!matchMedia("(prefers-reduced-motion: no-preference)").matches) return;
  const all = pushed();
  // One that still glides goes on from where it is seen.
  for (const [, it] of all) for (const before of it.getAnimations()) if (before.id === "glide") before.cancel();
  const moved = new Map(all.map(([name, it]) => [it, places.has(name) ? places.get(name) - place(it) : undefined]));
  // Something new goes with what holds it.
  const seen = (it) => (it ? moved.get(it) ?? seen(it.parentElement.closest(PUSHED)) : 0);
  for (const [, it] of all) {
    const by = seen(it) - seen(it.parentElement.closest(PUSHED));
    if (by) it.animate([{ transform: `translateY(${by}px)` }, { transform: "none" }], { duration: 200, id: "glide" });
  }
}
body.addEventListener("htmx:beforeSwap", remember);
body.addEventListener("htmx:afterSwap", glide);
// For what a script of the page changes by itself.
function gliding(change) {
  remember();
  change();
  glide();
}

// Times.

// What the metrics' clock shows, how fast it goes, and when that was said by the server's day.
const clock = () => (document.getElementById("clock")?.dataset.clock || "0 1 0").split(" ").map(Number);
const skew = clock()[2] ? Date.now() - clock()[2] : 0;

function now(by) {
  const day = Date.now() - skew;
  const [shown, rate, then] = clock();
  return by === "clock" ? shown + (day - then) * rate : day;
}
function relative(millis) {
  const seconds = Math.trunc(millis / 1000);
  const distance = Math.abs(seconds);
  if (distance < 5) return "now";
  const [length, unit] = [[1, "s"], [60, "min"], [3600, "h"], [86400, "d"]]
    .findLast(([length, unit]) => distance >= (unit === "d" ? 172800 : length));
  const text = `${Math.floor(distance / length)} ${unit}`;
  return seconds < 0 ? `in ${text}` : `${text} ago`;
}
setInterval(() => {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const text = relative(now(time.dataset.ago) - Date.parse(time.dateTime));
    if (time.textContent !== text) time.textContent = text;
  }
}, 1000);

// A search's form says what its page shows. A browser that goes back fills in what the form held when the page was left.

addEventListener("pageshow", ({ persisted }) => {
  if (!persisted && performance.getEntriesByType("navigation")[0]?.type !== "back_forward") return;
  for (const form of document.querySelectorAll(".filter")) form.reset();
});

// Copying.

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  const label = button.textContent;
  button.textContent = "Copied";
  announce("Copied");
  setTimeout(() => { button.textContent = label; }, 1500);
});

// What the server refuses is said, and the page stays.

body.addEventListener("htmx:responseError", (event) => {
  const answer = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  const problem = answer.querySelector(".problem");
  announce(problem ? problem.textContent : `The console answered ${event.detail.xhr.status}`);
  announcement.classList.add("shown");
  setTimeout(() => announcement.classList.remove("shown"), 8000);
});
