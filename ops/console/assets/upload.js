"use strict";
// The upload page: sign-in by code and PKCE, then each file by its own URL, and what became of it.

{
  const page = document.getElementById("uploader");
  const { hosted, client, callback, endpoint } = page.dataset;
  const SCOPE = "openid email";
  const AT_ONCE = 4;
  const TRIES = 4;
  const kept = sessionStorage;

  const h = (tag, attributes, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const base64url = (bytes) =>
    btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

  // Signing in: what the page of the user pool sends back is exchanged for tokens, which this tab keeps until it is closed.

  async function leave(path) {
    // The user pool sends back to one address only, and this tab's memory is of its own address.
    if (!callback.startsWith(`${location.origin}/`)) {
      location.assign(callback);
      return;
    }
    const verifier = base64url(crypto.getRandomValues(new Uint8Array(48)));
    const state = base64url(crypto.getRandomValues(new Uint8Array(16)));
    kept.setItem("verifier", verifier);
    kept.setItem("state", state);
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    const query = new URLSearchParams({
      response_type: "code", client_id: client, redirect_uri: callback, scope: SCOPE, state,
      code_challenge: base64url(new Uint8Array(digest)), code_challenge_method: "S256",
    });
    location.assign(`${hosted}${path}?${query}`);
  }

  async function comeBack() {
    const query = new URLSearchParams(location.search);
    if (!query.has("code") && !query.has("error")) return;
    history.replaceState(null, "", location.pathname);
    if (query.has("error")) throw new Error(query.get("error_description") || query.get("error"));
    if (query.get("state") !== kept.getItem("state")) throw new Error("This sign-in was not begun in this tab. Sign in again.");
    const body = new URLSearchParams({
      grant_type: "authorization_code", client_id: client, redirect_uri: callback, code: query.get("code"),
      code_verifier: kept.getItem("verifier"),
    });
    kept.removeItem("verifier");
    kept.removeItem("state");
    const answer = await fetch(`${hosted}/oauth2/token`, { method: "POST", body });
    const tokens = await answer.json();
    if (!answer.ok) throw new Error(`The sign-in was refused: ${tokens.error_description || tokens.error}`);
    kept.setItem("token", tokens.id_token);
  }

  // What the token says of its owner; the API checks it, this page only shows it.
  function claims() {
    const token = kept.getItem("token");
    if (!token) return null;
    const text = atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
    const read = JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (char) => char.charCodeAt(0))));
    return read.exp * 1000 > Date.now() ? read : null;
  }

  function show(problem) {
    const user = claims();
    page.dataset.state = user ? "in" : "out";
    document.getElementById("user").textContent = user ? user.email || user.sub : "";
    const place = document.getElementById("sign-in-problem");
    place.textContent = problem || "";
    place.hidden = !problem;
  }

  document.getElementById("sign-in").addEventListener("click", () => leave("/oauth2/authorize"));
  document.getElementById("sign-up").addEventListener("click", () => leave("/signup"));
  document.getElementById("sign-out").addEventListener("click", () => {
    kept.removeItem("token");
    kept.removeItem("uploads");
    location.reload();
  });
  comeBack().then(() => show(), (error) => show(error.message));

  // Uploading: a few at once, each with tries of its own.

  class Refused extends Error {}

  async function ask(file) {
    const body = JSON.stringify({ content_type: file.type, content_length: file.size, write_once: true });
    const headers = { Authorization: `Bearer ${kept.getItem("token")}`, "Content-Type": "application/json" };
    const answer = await fetch(endpoint, { method: "POST", headers, body });
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) return said;
    const message = said.error?.message || said.message || `the API answered ${answer.status}`;
    if (answer.status === 401) throw new Refused("You are no longer signed in. Sign in again, then drop the file again.");
    throw answer.status === 429 || answer.status >= 500 ? new Error(message) : new Refused(message);
  }

  function put(file, { upload_url, headers, optional_headers }, progressed) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("PUT", upload_url);
      for (const [name, value] of Object.entries({ ...headers, ...optional_headers })) request.setRequestHeader(name, value);
      request.upload.addEventListener("progress", (event) => progressed(event.loaded));
      request.addEventListener("error", () => reject(new Error("the connection broke")));
      request.addEventListener("load", () => {
        // An earlier try succeeded, and its answer was lost.
        if (request.status === 412 || request.status < 300) resolve();
        else if (request.status === 400 || request.status === 411) reject(new Refused(said(request)));
        else reject(new Error(said(request)));
      });
      request.send(file);
    });
  }
  function said(request) {
    const message = request.responseXML?.querySelector("Message")?.textContent;
    return message || `the bucket answered ${request.status}`;
  }

  async function send(file, row) {
    let issued = null;
    for (let number = 1; ; number += 1) {
      try {
        issued ??= { ...(await ask(file)), asked: Date.now() };
        row.say("Uploading");
        await put(file, issued, row.progressed);
        return issued.image_id;
      } catch (error) {
        if (error instanceof Refused || number === TRIES) throw error;
        // A URL may have expired in the meantime.
        if (issued && Date.now() > issued.asked + 240_000) issued = null;
        row.say(`${error.message}; trying again`);
        await pause(500 * 2 ** number * (0.5 + Math.random()));
      }
    }
  }

  // What this tab has sent, oldest first, so that the page goes on with it when it is opened again: a file's name, and its image's
  // id or why it was refused. With neither it was not sent whole.

  const KEPT = 50;
  let sent = JSON.parse(kept.getItem("uploads") || "[]");

  function keep() {
    sent = sent.slice(-KEPT);
    kept.setItem("uploads", JSON.stringify(sent));
  }

  const list = document.getElementById("uploads");
  const waiting = [];
  let running = 0;
  let rows = 0;

  function addRow(name, size) {
    const bar = h("progress", { max: Math.max(size, 1), value: 0, "aria-label": `Progress of ${name}` });
    const status = h("p", { class: "upload-status", role: "status" }, "Waiting");
    const fate = h("div", { class: "fate" });
    rows += 1;
    const node = h("li", { class: "card upload", id: `upload-${rows}` },
      h("div", { class: "upload-head" }, h("h3", {}, name), status, bar), fate);
    window.gliding(() => list.prepend(node));
    return {
      say: (text) => { status.textContent = text; },
      progressed: (bytes) => { bar.value = bytes; },
      refuse(text) {
        window.gliding(() => {
          node.classList.add("refused");
          bar.remove();
          status.textContent = text;
        });
      },
      follow(id) {
        const trigger = "load, news:traces from:body, news:mail from:body";
        const hops = h("div", {
          id: `fate-${id}`, "hx-get": `/upload/${encodeURIComponent(id)}`, "hx-trigger": trigger, "hx-swap": "morph",
          "hx-sync": "this:queue last",
        });
        window.gliding(() => {
          bar.remove();
          status.textContent = "Uploaded";
          fate.append(hops);
        });
        window.htmx.process(fate);
      },
    };
  }

  async function work() {
    while (waiting.length && running < AT_ONCE) {
      const { file, upload, row } = waiting.shift();
      const followed = (id) => {
        upload.id = id;
        keep();
        row.follow(id);
      };
      const refused = (error) => {
        upload.refusal = error.message;
        keep();
        row.refuse(upload.refusal);
      };
      running += 1;
      send(file, row)
        .then(followed, refused)
        .finally(() => { running -= 1; work(); });
    }
  }

  function take(files) {
    if (!claims()) {
      show("Your sign-in has ended. Sign in again.");
      return;
    }
    for (const file of files) {
      const upload = { name: file.name, id: null };
      sent.push(upload);
      waiting.push({ file, upload, row: addRow(file.name, file.size) });
    }
    keep();
    work();
  }

  for (const upload of sent) {
    const row = addRow(upload.name, 0);
    if (upload.id) row.follow(upload.id);
    else row.refuse(upload.refusal ??= "Interrupted: the page was left before the whole file was sent. Choose it again.");
  }
  keep();

  const drop = document.getElementById("drop");
  const input = document.getElementById("files");
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = "";
  });
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  }
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
}
