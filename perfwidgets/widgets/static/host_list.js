// Several hosts: which are not available and why, and, opened, how each fares.

import { element, keepChildren, setAttribute, setText } from "./dom.js";
import { clockInWords, eventsOn, hostInWords, hostsInWords, isUnavailable, lagInWords, whyNot } from "./host_words.js";

const MOST_REASONS = 3;
const COLUMNS_OF_HOSTS = [
  ["host", ""],
  ["state", ""],
  ["events", "Events that it counts, of those that are shown"],
  ["behind", "How long after its end an interval comes; how many came too late, and were left out"],
  ["clock", "What its clock is ahead of this machine's"],
  ["perf", ""],
];

export class HostList {
  /** `redraw()` has it drawn again, when it is opened. */
  constructor(redraw) {
    this.reasons = element("div", { class: "pw-host-reasons", role: "status" });
    this.summary = element("summary", {});
    this.body = element("tbody", {});
    this.table = element("table", { "aria-label": "Hosts" }, element("thead", {}, headOfHosts()), this.body);
    this.more = element("details", { ontoggle: redraw }, this.summary, this.table);
    this.el = element("div", { class: "pw-hosts" }, this.reasons, this.more);
    this.rows = new Map();
  }

  draw(store) {
    this.el.hidden = !store.hosts.length;
    if (this.el.hidden) return;
    this.drawReasons(whyNot(store));
    setText(this.summary, hostsInWords(store));
    if (store.hosts !== this.hosts) this.arrange(store.hosts);
    if (this.more.open) for (const host of store.hosts) this.drawHost(store, host);
  }

  /** One line for each reason, however many hosts have it; beyond a few the rest folds away. */
  drawReasons(reasons) {
    const words = JSON.stringify(reasons);
    if (words === this.said) return;
    this.said = words;
    const lines = reasons.map(reasonLine);
    const rest = lines.splice(reasons.length > MOST_REASONS + 1 ? MOST_REASONS : reasons.length);
    const folded = rest.length
      ? [element("details", {}, element("summary", {}, `${rest.length} other reasons on other hosts`), ...rest)]
      : [];
    this.reasons.replaceChildren(...lines, ...folded);
  }

  /** Rows for these hosts, in their order; those that stay keep their place and selection. */
  arrange(hosts) {
    this.hosts = hosts;
    const names = hosts.map((host) => host.name);
    if (JSON.stringify(names) === JSON.stringify([...this.rows.keys()])) return;
    const rows = new Map(names.map((name) => [name, this.rows.get(name) ?? makeHostRow(name)]));
    this.rows = rows;
    keepChildren(this.body, [...rows.values()].map((row) => row.tr));
  }

  drawHost(store, host) {
    const row = this.rows.get(host.name);
    const [sign, words, help] = hostInWords(host);
    const [events, unsupported] = eventsOn(store, host.name);
    setText(row.sign, sign);
    setText(row.words, words);
    setAttribute(row.cells[1], "title", help);
    setText(row.cells[2], events);
    setAttribute(row.cells[2], "title", unsupported);
    setText(row.cells[3], lagInWords(host) || "–");
    const clock = clockInWords(host);
    const ours = !clock && host.state !== "recorded";
    setText(row.cells[4], clock || (ours ? "ours" : "–"));
    setAttribute(row.cells[4], "title", ours ? "Its samples are stamped by this machine's clock" : "");
    setText(row.cells[5], host.perf ?? "–");
    row.tr.classList.toggle("pw-away", isUnavailable(host));
  }
}

function headOfHosts() {
  const cells = COLUMNS_OF_HOSTS.map(([name, title]) => element("th", { scope: "col", title: title || null }, name));
  return element("tr", {}, ...cells);
}

function makeHostRow(name) {
  const sign = element("span", { class: "pw-sign", "aria-hidden": "true" });
  const words = element("span", {});
  const cells = [
    element("th", { scope: "row", title: name }, name),
    element("td", {}, sign, words),
    ...COLUMNS_OF_HOSTS.slice(2).map(() => element("td", {})),
  ];
  return { tr: element("tr", {}, ...cells), cells, sign, words };
}

function reasonLine([title, reason, remedy]) {
  const said = [reason, remedy].filter(Boolean).map((text) => (/[.!?]$/.test(text) ? text : `${text}.`));
  return element("p", {}, element("strong", {}, `${title}: `), said.join(" "));
}
