// A handshake as a sequence: four lanes, an arrow for what one said to another, a box for what regpass did by itself.
// It is a list, so that it reads without the drawing, too.
const lanes = ["client", "regpass", "token server", "registry"];
const [client, regpass, tokenServer, registry] = [1, 2, 3, 4];

function ends(step) {
  switch (step.step) {
    case "sent": return [regpass, registry];
    case "answered": return [registry, regpass];
    case "token-request": return [regpass, tokenServer];
    case "token-answer": return [tokenServer, regpass];
    case "failed": return { client: [regpass, client], registry: [regpass, registry], "token-server": [regpass, tokenServer],
      token_server: [regpass, tokenServer], "token server": [regpass, tokenServer] }[step.party] || [regpass, regpass];
    default: return [regpass, regpass];
  }
}

function bad(step) {
  switch (step.step) {
    case "failed": case "policy": return true;
    case "realm": return step.allowed === false;
    case "token-answer": return Boolean(step.failure);
    case "answered": return step.status >= 400;
    default: return false;
  }
}

function setUp(step) {
  if (step.step !== "sent") return "";
  const phases = [["DNS", step.resolve_ms], ["TCP", step.connect_ms], ["TLS", step.tls_ms]].filter(([, ms]) => ms !== undefined);
  return phases.length === 0 ? "" : ` (${phases.map(([name, ms]) => `${name} ${ms} ms`).join(", ")})`;
}

function row(make, at, [from, to], text, broken) {
  const between = from === to ? lanes[from - 1] : `${lanes[from - 1]} to ${lanes[to - 1]}`;
  const says = make("div", { class: "says" },
    make("span", { class: "at" }, at === undefined ? "" : `${at} ms`),
    make("span", { class: "unseen" }, `${between}: `), text,
    broken ? make("strong", {}, " ✗ it broke here") : "");
  const [left, right] = [Math.min(from, to), Math.max(from, to)];
  const drawn = from === to ? "note" : `arrow span-${left}-${right} ${from < to ? "right" : "left"}`;
  return make("li", { class: broken ? "broken" : "" }, says, make("div", { class: drawn, "aria-hidden": "true" }));
}

export function drawSequence(one, make) {
  const steps = one.handshake || [];
  const broke = one.explanation ? steps.findLastIndex(bad) : -1;
  const rows = steps.map((step, index) => row(make, step.at_ms, ends(step), step.text + setUp(step), index === broke));
  const asked = one.repository ? ` (${one.action} ${one.repository})` : "";
  rows.unshift(row(make, 0, [client, regpass], `${one.method} ${one.path}${asked}`, false));
  const status = one.sent_status || one.status;
  const got = status === 0 ? "no answer: the connection ended" : `${status}${one.explanation ? `, ${one.explanation.cause}` : ""}`;
  rows.push(row(make, one.duration_ms, [regpass, client], got, one.explanation !== undefined && broke < 0));
  return make("div", {},
    make("div", { class: "lanes", "aria-hidden": "true" }, ...lanes.map((name) => make("span", {}, name))),
    make("ol", { class: "sequence", "aria-label": "Handshake, step by step" }, ...rows));
}
