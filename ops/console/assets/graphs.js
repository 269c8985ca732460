"use strict";
// Values of all graphs of a page at the same time: where the pointer is, or where the arrow keys have led. What a graph holds
// is in its `data-values`; only text is written.

const svgNamespace = "http://www.w3.org/2000/svg";

function element(name, attributes, text) {
  const made = document.createElementNS(svgNamespace, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function clear() {
  for (const readout of document.querySelectorAll(".readout")) readout.remove();
}

// Draws one graph's values at a share of its width.
function read(area, share) {
  const { starts, lines } = area.values || (area.values = JSON.parse(area.dataset.values));
  if (starts.length === 0) return;
  const index = Math.round(share * (starts.length - 1));
  const [x, y, width] = ["x", "y", "width"].map((name) => Number(area.getAttribute(name)));
  const at = x + (width * index) / Math.max(starts.length - 1, 1);
  const texts = lines
    .filter((line) => line.values[index] !== null)
    .map((line) => [`${line.label}  ${line.values[index]}`, line.color]);
  texts.unshift([new Date(starts[index]).toISOString().slice(5, 16).replace("T", " "), null]);
  const widest = Math.max(...texts.map(([text]) => text.length)) * 6 + 24;
  const left = at + 8 + widest > x + width ? Math.max(at - 8 - widest, x) : at + 8;
  const readout = element("g", { class: "readout", "pointer-events": "none" });
  readout.append(
    element("line", { x1: at, x2: at, y1: y, y2: y + Number(area.getAttribute("height")) }),
    element("rect", { x: left, y, width: widest, height: texts.length * 14 + 6, rx: 4 }),
  );
  texts.forEach(([text, color], row) => {
    const base = y + 14 * row + 14;
    if (color) readout.append(element("rect", { class: "key", x: left + 6, y: base - 8, width: 8, height: 8, fill: color }));
    readout.append(element("text", { x: left + 18, y: base, "font-size": 10 }, text));
  });
  area.parentNode.append(readout);
}

let share = null;
function readAll() {
  clear();
  if (share === null) return;
  for (const area of document.querySelectorAll("[data-values]")) read(area, share);
}

document.addEventListener("pointermove", (event) => {
  const area = event.target.closest ? event.target.closest("[data-values]") : null;
  const before = share;
  if (area) {
    const box = area.getBoundingClientRect();
    share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
  } else {
    share = null;
  }
  if (share !== before) readAll();
});
document.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -0.01, ArrowRight: 0.01 }[event.key];
  if (step && document.activeElement.matches(".drawing")) {
    event.preventDefault();
    share = Math.min(Math.max((share === null ? 1 : share) + step, 0), 1);
    readAll();
  } else if (event.key === "Escape") {
    share = null;
    readAll();
  }
});
document.body.addEventListener("htmx:afterSettle", readAll);

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fullscreen]");
  if (button) document.getElementById(button.dataset.fullscreen).requestFullscreen();
});
