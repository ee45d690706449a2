// What a rehearsal comes to, in words and figures: touching and leaving alone beside each other.

import { h, plain, spread } from "../dom";
import { FATES, type Interval, type Odds, type Rehearsal } from "../types";
import { heading } from "./parts";
import { wordFor } from "./strokes";

/** Which of the two is ahead, in words, only as far as the intervals part them. */
export function competition(r: Rehearsal): HTMLElement {
  const a = r.shares.better,
    b = r.alone.shares.better;
  const harm = sum(r, "touch"),
    harmAlone = sum(r, "alone");
  const ahead = !a || !b ? "" : a.low > b.high ? "better" : b.low > a.high ? "alone" : "level";
  const risk = !harm || !harmAlone ? "" : harm.low > harmAlone.high ? "more" : harmAlone.low > harm.high ? "less" : "";
  const first = {
    "": "",
    better: "Touching betters it more often than leaving it alone",
    alone: "Leaving it alone betters it more often",
    level: "So far nothing parts touching from leaving alone in what it betters",
  }[ahead];
  const second = {
    "": "",
    more: ahead === "better" ? ", and harms it more often" : "; the touch harms it more often",
    less: ahead === "better" ? ", and harms it less often" : "; the touch harms it less often",
  }[risk];
  return h("p.competition", {}, first ? `${first}${second}.` : "");
}

export function expected(r: Rehearsal): HTMLElement {
  const names = Object.keys(r.expected).filter((n) => r.expected[n]);
  if (!names.length) return h("div");
  const rows = names.map((n) => whiskers(n, r.expected[n] ?? null, r.alone.expected[n] ?? null));
  return h("div", {}, heading("The reading to expect", "brass: touched; grey: left alone"), h("div.rows", {}, ...rows));
}

export function numbers(r: Rehearsal): HTMLElement {
  const cell = (x: Interval | undefined) =>
    x ? `${plain(100 * x.value)} % (${plain(100 * x.low)} to ${plain(100 * x.high)})` : "–";
  return h(
    "details.numbers",
    {},
    h("summary", {}, "As numbers"),
    h(
      "table",
      {},
      h("tr", {}, h("th"), h("th", {}, "touched"), h("th", {}, "left alone")),
      ...FATES.map((f) => h("tr", {}, h("th", {}, f), h("td", {}, cell(r.shares[f])), h("td", {}, cell(r.alone.shares[f])))),
    ),
  );
}

/** The share of worse and ruined together is not given by the server; the larger of the two stands for it. */
function sum(r: Rehearsal, of: "touch" | "alone"): Interval | undefined {
  const odds: Odds = of === "touch" ? r : r.alone;
  const a = odds.shares.worse,
    b = odds.shares.ruined;
  return !a ? b : !b ? a : a.value > b.value ? a : b;
}

/** One figure to expect: two whiskers on one axis. */
function whiskers(name: string, a: Interval | null, b: Interval | null): HTMLElement {
  const all = [a, b]
    .filter((x): x is Interval => x !== null)
    .flatMap((x) => [x.low, x.high, x.value])
    .filter(Number.isFinite);
  const low = Math.min(...all),
    high = Math.max(...all),
    pad = 0.08 * (high - low || 1);
  const at = (x: number) => `${(100 * (x - low + pad)) / (high - low + 2 * pad)}%`;
  const mark = (x: Interval | null, kind: string) => {
    if (!x) return null;
    const span = h("i.span"),
      point = h("i.point");
    span.style.left = at(x.low);
    span.style.width = `calc(${at(x.high)} - ${at(x.low)})`;
    point.style.left = at(x.value);
    return h("div.track", { "data-kind": kind }, span, point);
  };
  return h(
    "div.whiskers",
    {},
    h("span.name", {}, wordFor(name)),
    h("div.tracks", {}, mark(a, "touch"), mark(b, "alone")),
    h("span.note", {}, spread(a, 3)),
  );
}
