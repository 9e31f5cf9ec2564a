// What is said of hosts: how each fares, how many count, and on which of them an event does.

import { NOT_COUNTED, NOT_SUPPORTED } from "./columns.js";
import { seconds } from "./format.js";

const HOST_STATES = {
  idle: ["○", "not started"],
  starting: ["◌", "starting"],
  running: ["●", "live"],
  late: ["◔", "late"],
  paused: ["❚❚", "paused"],
  stopped: ["■", "stopped"],
  failed: ["✕", "not available"],
  gone: ["✕", "gone"],
  recorded: ["●", "recorded"],
};
const COUNTING = ["running", "late", "recorded"];
const MOST_NAMED = 4;
const LATE_HELP = "its intervals come after the others were delivered: each is a gap here";
const GONE_HELP = "its last worker has left";

/** Whether the host cannot be counted, and not only because nobody asked for it. */
export function isUnavailable(host) {
  return Boolean(host.error) || ["failed", "gone"].includes(host.state);
}

/** Sign, words, and what to say on hover. */
export function hostInWords(host) {
  const [sign, words] = HOST_STATES[host.state] ?? ["?", host.state];
  if (host.error) {
    const said = [host.error.reason, host.error.remedy].filter(Boolean).join(". ");
    return [sign, host.state === "starting" ? "starting again" : words, said];
  }
  const help = { late: LATE_HELP, gone: GONE_HELP }[host.state] ?? "";
  return [sign, words, help];
}

/** "3 hosts", and how many of them do not count. */
export function hostsInFew({ hosts }) {
  if (!hosts.length) return [];
  const said = [counted(hosts.length, "host")];
  const away = hosts.filter(isUnavailable).length;
  const late = hosts.filter((host) => host.state === "late").length;
  if (away) said.push(`${away} not available`);
  if (late) said.push(`${late} late`);
  return said;
}

/** "3 hosts: 2 live, 1 not available", in the order of the states above. */
export function hostsInWords({ hosts }) {
  const words = hosts.map((host) => (isUnavailable(host) ? "not available" : hostInWords(host)[1]));
  const each = [...new Set(words)].map((word) => `${words.filter((w) => w === word).length} ${word}`);
  return `${counted(hosts.length, "host")}: ${each.join(", ")}`;
}

/** What keeps hosts from counting, those with one reason together: `[title, reason, remedy]`. */
export function whyNot({ hosts }) {
  const away = hosts.filter(isUnavailable).map((host) => ["Not available", host, host.error ?? { reason: GONE_HELP }]);
  const memory = hosts
    .filter((host) => host.memory_error && !isUnavailable(host))
    .map((host) => ["Memory activity is not available", host, host.memory_error]);
  const groups = new Map();
  for (const [title, { name }, { reason, remedy = "" }] of [...away, ...memory]) {
    const key = JSON.stringify([title, reason, remedy]);
    if (!groups.has(key)) groups.set(key, { title, names: [], reason, remedy });
    groups.get(key).names.push(name);
  }
  return [...groups.values()].map(({ title, names, reason, remedy }) => [`${title} on ${someNames(names)}`, reason, remedy]);
}

/** "node1, node2 and 7 more". */
export function someNames(names, most = MOST_NAMED) {
  if (names.length > most + 1) return `${names.slice(0, most).join(", ")} and ${names.length - most} more`;
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names.join("");
}

/** Shares of the events of host number `i` in the newest sample. */
function sharesOn({ layout, parts }, i) {
  return layout.events.map((_, e) => parts.shares[e * layout.parts.length + i]);
}

/** "4 of 17" events that this host counts, and the names of those that it cannot. */
export function eventsOn(store, name) {
  const i = store.layout.parts.indexOf(name);
  if (i < 0 || !store.parts) return ["", ""];
  const shares = sharesOn(store, i);
  const none = store.layout.events.filter((_, e) => shares[e] === NOT_SUPPORTED).map(({ key }) => key);
  const count = shares.filter((share) => share >= 0).length;
  return [`${count} of ${shares.length}`, none.length ? `not supported: ${none.join(", ")}` : ""];
}

/** The hosts by how they count `key` in the newest sample; null where parts are no hosts. */
function hostsOf({ layout, parts }, key) {
  const e = layout.events.findIndex((event) => event.key === key);
  if (layout.part_kind !== "host" || !parts || e < 0) return null;
  const share = (i) => parts.shares[e * layout.parts.length + i];
  const those = (condition) => layout.parts.filter((_, i) => condition(share(i)));
  return {
    on: those((s) => s >= 0),
    unsupported: those((s) => s === NOT_SUPPORTED),
    idle: those((s) => s === NOT_COUNTED),
    away: those((s) => s < 0 && s !== NOT_SUPPORTED && s !== NOT_COUNTED),
  };
}

/** On how many hosts `key` is counted: "2 of 3 hosts"; "" without hosts. */
export function countedOn(store, key) {
  const hosts = hostsOf(store, key);
  return hosts ? `${hosts.on.length} of ${counted(store.layout.parts.length, "host")}` : "";
}

/** On which hosts: "node6 and node7; not supported on node8"; "" without hosts. */
export function whereCounted(store, key) {
  const hosts = hostsOf(store, key);
  if (!hosts) return "";
  const said = [someNames(hosts.on) || "no host"];
  if (hosts.unsupported.length) said.push(`not supported on ${someNames(hosts.unsupported)}`);
  if (hosts.idle.length) said.push(`not counted on ${someNames(hosts.idle)}`);
  if (hosts.away.length) said.push(`no count from ${someNames(hosts.away)}`);
  return said.join("; ");
}

/** What the host's clock is ahead of ours: "+2.1 ms ± 0.3 ms"; "" where ours stamps its samples. */
export function clockInWords({ offset, uncertainty }) {
  if (uncertainty === null || uncertainty === undefined) return "";
  const sign = offset < 0 ? "−" : "+";
  return `${sign}${shortTime(Math.abs(offset))} ± ${shortTime(uncertainty)}`;
}

/** How long after their ends its intervals come, and how many were too late or did not come. */
export function lagInWords({ lag, late, missed }) {
  const said = lag === null ? [] : [seconds(lag)];
  if (late) said.push(`${late} too late`);
  if (missed) said.push(`${missed} missed`);
  return said.join(", ");
}

/** Whether it delivers, in time or not. */
export function isCounting(host) {
  return COUNTING.includes(host.state);
}

function counted(number, word) {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

/** To two digits: 0.00213 as "2.1 ms". */
function shortTime(time) {
  if (time >= 0.9995) return `${Number(time.toPrecision(2))} s`;
  return `${Number((time * 1000).toPrecision(2))} ms`;
}
