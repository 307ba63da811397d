// Everything that regpass says gets into the page as text, never as markup; the page's Content-Security-Policy holds
// us to it.
import { drawSequence } from "/sequence.js";

const most = 1000; // exchanges kept in the page
const $ = (id) => document.getElementById(id);
const known = new Map(); // id of an exchange to what is known of it and its item in the list

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") element.className = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((one) => one !== undefined && one !== null && one !== ""));
  return element;
}

const statusOf = (one) => one.sent_status || one.status;
const failed = (one) => one.explanation !== undefined;
const what = (one) => `${one.method} ${one.registry}${one.path.startsWith("/") ? one.path : ""}`;
const shownStatus = (one) => (one.status === 0 ? "cut" : String(one.status));

function clock(text) {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? "" : at.toLocaleTimeString([], { hour12: false });
}

function who(one) {
  const credential = one.credential;
  if (!credential || !credential.source) return "without a credential";
  return `as ${credential.username || "nobody"} (${credential.source})`;
}

// The list

function item(one) {
  const button = make("button", { type: "button" },
    make("span", { class: "status" }, shownStatus(one)),
    make("span", { class: "what mono" }, what(one)),
    make("span", { class: "when" }, make("time", { datetime: one.began_at }, clock(one.began_at))),
    make("span", { class: "as" }, `${who(one)}, ${one.duration_ms} ms`),
    failed(one) ? make("span", { class: "why" }, `failed: ${one.explanation.cause}`) : "");
  button.addEventListener("click", () => choose(one.id));
  return make("li", { class: failed(one) ? "failed" : "" }, button);
}

function add(one) {
  if (known.has(one.id)) return false;
  const entry = { one, element: item(one), text: JSON.stringify(one).toLowerCase() };
  known.set(one.id, entry);
  $("list").prepend(entry.element);
  offerRegistry(one.registry);
  sift(entry);
  if (known.size > most) {
    const [oldest, gone] = known.entries().next().value;
    gone.element.remove();
    known.delete(oldest);
  }
  return true;
}

function offerRegistry(name) {
  const select = $("filter-registry");
  if (!name || [...select.options].some((option) => option.value === name)) return;
  select.append(make("option", { value: name }, name));
}

function sift({ one, element, text }) {
  const wanted = $("filter-text").value.trim().toLowerCase();
  const registry = $("filter-registry").value;
  element.hidden = (wanted && !text.includes(wanted)) || (registry && one.registry !== registry) ||
    ($("filter-failed").checked && !failed(one));
}

function count() {
  const shown = [...known.values()].filter(({ element }) => !element.hidden).length;
  $("filter-count").textContent = `${shown} of ${known.size} shown`;
  $("empty").hidden = known.size > 0;
}

function filter() {
  for (const entry of known.values()) sift(entry);
  count();
}

// Arrow keys go through the list; Tab leaves it as usual.
function walk(event) {
  const step = { ArrowDown: 1, ArrowUp: -1, Home: "first", End: "last" }[event.key];
  if (step === undefined) return;
  const buttons = [...$("list").querySelectorAll("li:not([hidden]) button")];
  const here = buttons.indexOf(document.activeElement);
  const to = step === "first" ? 0 : step === "last" ? buttons.length - 1 : here + step;
  if (here < 0 || !buttons[to]) return;
  event.preventDefault();
  buttons[to].focus();
}

// One exchange

function lines(title, texts, kind = "ul") {
  if (!texts || texts.length === 0) return "";
  const list = make(kind, {}, ...texts.map((text) => make("li", {}, text)));
  return make("div", {}, make("h3", {}, title), list);
}

function explanationOf(one) {
  const why = one.explanation;
  if (!why) return make("p", {}, "Nothing went wrong.");
  const others = why.alternatives && why.alternatives.length > 0 ? `It could also be: ${why.alternatives.join(", ")}.` : "";
  return make("div", {},
    make("div", { class: "why-box" },
      make("p", {}, make("strong", {}, why.summary)),
      make("p", {}, "Cause: ", make("code", {}, why.cause), ` (${why.certainty}). ${others}`)),
    lines("What to do", why.fix, "ol"), lines("What this rests on", why.evidence));
}

function facts(pairs) {
  const list = make("dl");
  for (const [name, value] of pairs) {
    if (value === undefined || value === null || value === "") continue;
    list.append(make("dt", {}, name), make("dd", { class: "mono" }, String(value)));
  }
  return list;
}

function factsOf(one) {
  const scope = one.scope || {}, credential = one.credential || {}, token = one.token || {}, http = one.http || {};
  return facts([
    ["id", one.id], ["began", one.began_at], ["client", `${one.client || "?"} (${one.mode})`],
    ["action", [one.action, one.repository].filter(Boolean).join(" ")],
    ["credential", credential.source], ["its key", credential.key], ["user", credential.username],
    ["scope needed", scope.needed], ["requested", scope.requested], ["granted", scope.granted],
    ["token", token.cache && `${token.cache}${token.expires_in === undefined ? "" : `, ${token.expires_in} s left`}`],
    ["HTTP", `${http.client || "?"} in, ${http.upstream || "nothing"} out`],
    ["bytes", `${one.bytes_in} up, ${one.bytes_out} down`], ["took", `${one.duration_ms} ms`],
  ]);
}

function choose(id) {
  const entry = known.get(id);
  if (!entry) return;
  for (const button of $("list").querySelectorAll("[aria-current]")) button.removeAttribute("aria-current");
  const button = entry.element.querySelector("button");
  button.setAttribute("aria-current", "true");
  const back = make("button", { type: "button" }, "Back to the list");
  back.addEventListener("click", () => button.focus());
  $("detail-title").textContent = `${what(entry.one)}: ${shownStatus(entry.one)}`;
  $("detail-hint").hidden = true;
  $("detail-body").hidden = false;
  $("detail-body").replaceChildren(explanationOf(entry.one), make("h3", {}, "Handshake"), drawSequence(entry.one, make),
    make("h3", {}, "Details"), factsOf(entry.one),
    make("p", {}, back, " ", make("a", { class: "button", href: `/har?id=${encodeURIComponent(id)}`, download: true },
      "Download as HAR")));
  $("detail-title").focus();
}

// Credentials and tokens

function table(columns, rows, none) {
  if (rows.length === 0) return make("p", {}, none);
  const head = make("thead", {}, make("tr", {}, ...columns.map((name) => make("th", { scope: "col" }, name))));
  const body = make("tbody", {}, ...rows.map((cells) => make("tr", {}, ...cells.map((cell, index) =>
    make("td", { "data-label": columns[index] }, cell === undefined || cell === "" ? "–" : cell)))));
  return make("div", { class: "wide" }, make("table", {}, head, body));
}

function lastOf(last) {
  if (!last) return "not used yet";
  const text = `${last.status === 0 ? "cut" : last.status} ${last.cause || ""} ${clock(last.at)}`;
  if (!known.has(last.id)) return make("span", { class: last.cause ? "bad" : "" }, text);
  const button = make("button", { type: "button", class: last.cause ? "bad" : "" }, text);
  button.addEventListener("click", () => choose(last.id));
  return button;
}

function life(seconds) {
  if (seconds < 0) return "over";
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

async function get(path) {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

async function refresh() {
  const [{ credentials }, { tokens }] = await Promise.all([get("/api/credentials"), get("/api/tokens")]);
  const only = (one) => [one.path, ...(one.repositories || [])].filter(Boolean).join(", ");
  $("credentials-body").replaceChildren(table(
    ["Registry", "User", "Source", "Key", "Expires", "Last result"],
    credentials.map((one) => [
      make("span", {}, one.registry, only(one) ? ` (${only(one)})` : ""),
      one.username || (one.program ? `asks ${one.program}` : ""),
      make("span", {}, one.source, one.problem ? make("span", { class: "bad" }, ` ${one.problem}`) : ""),
      one.key, one.expires_at || "not known", lastOf(one.last)]),
    "No credential is known: nothing is injected."));
  $("tokens-body").replaceChildren(table(
    ["Registry", "Asked for", "Grants", "As", "Token server", "Life left"],
    tokens.map((one) => [one.registry, one.asked || "nothing", one.granted === undefined ? "opaque" : one.granted || "nothing",
      one.username || "anonymous", one.realm, life(one.left_s)]),
    "No token is held."));
}

let refreshing;
function refreshSoon() {
  refreshing ??= setTimeout(async () => {
    refreshing = undefined;
    await refresh().catch(() => {});
  }, 500);
}

// Live

function connected(text, lost) {
  $("connection").textContent = text;
  $("connection").classList.toggle("lost", lost);
}

function follow(since) {
  const events = new EventSource(`/events?since=${since}`);
  events.addEventListener("open", () => connected("live", false));
  events.addEventListener("exchange", (event) => {
    const one = JSON.parse(event.data);
    if (!add(one)) return;
    count();
    refreshSoon();
    if (failed(one)) $("announcer").textContent = `Failed: ${what(one)}, ${one.explanation.cause}`;
  });
  events.addEventListener("error", () => {
    const over = events.readyState === EventSource.CLOSED;
    connected(over ? "regpass was started anew: open the address from its log" : "connection lost, trying again …", true);
  });
}

async function start() {
  $("filter").addEventListener("input", filter);
  $("filter").addEventListener("submit", (event) => event.preventDefault());
  $("list").addEventListener("keydown", walk);
  const { count: since, exchanges } = await get("/api/exchanges");
  for (const one of exchanges) add(one);
  count();
  await refresh();
  setInterval(refreshSoon, 30000);
  follow(since);
}

start().catch((problem) => connected(`this page could not be filled: ${problem.message}`, true));
