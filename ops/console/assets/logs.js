"use strict";
// The Logs page: lines that come while one is open to be read wait, so that it stays where it is, and a button counts them.

{
  const list = () => document.getElementById("logs");
  const button = () => document.getElementById("waiting-lines");
  const isRead = () => list().querySelector("details[open]") !== null;
  // Whether the reader wants the lines that wait.
  let wanted = false;

  function show() {
    wanted = true;
    body.dispatchEvent(new CustomEvent("news:logs"));
  }

  body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== list()) return;
    if (wanted || !isRead()) {
      wanted = false;
      return;
    }
    event.detail.shouldSwap = false;
    const rows = [...new DOMParser().parseFromString(event.detail.serverResponse, "text/html").querySelectorAll("#logs tr[id]")];
    const waiting = rows.filter((row) => !document.getElementById(row.id)).length;
    if (!waiting) return;
    // A page has only the newest lines: where all of them are new, there may be more.
    const label = `${waiting}${waiting === rows.length ? " or more" : ""} new ${waiting === 1 ? "line" : "lines"}`;
    if (button().hidden) announce(label);
    button().textContent = label;
    button().hidden = false;
  });

  // The stack is away: what is read then is not taken from the reader later.
  for (const failure of ["htmx:sendError", "htmx:responseError"]) {
    body.addEventListener(failure, (event) => { if (event.detail.target === list()) wanted = false; });
  }

  document.addEventListener("click", (event) => {
    if (event.target !== button()) return;
    show();
    list().scrollIntoView();
    list().querySelector(".scroll").focus({ preventScroll: true });
  });
  // Nothing is read any more.
  document.addEventListener("toggle", () => { if (!button().hidden && !isRead()) show(); }, true);
}
