// From raw JSON to the page's types: what is missing gets a plain value, so that no panel has to guard itself.

import type {
  Compiling,
  Contest,
  Dream,
  Fate,
  Fault,
  Figures,
  Hello,
  Interval,
  Line,
  Messages,
  Named,
  Odds,
  Rehearsal,
  Sentence,
  Span,
  State,
  Touch,
  Touched,
  Trial,
} from "./types";
import { FATES } from "./types";

type Raw = Record<string, unknown>;

const record = (x: unknown): Raw => (typeof x === "object" && x !== null && !Array.isArray(x) ? (x as Raw) : {});
const list = (x: unknown): unknown[] => (Array.isArray(x) ? x : []);
const text = (x: unknown, fallback = ""): string => (typeof x === "string" ? x : fallback);
const number = (x: unknown, fallback = 0): number => (typeof x === "number" && Number.isFinite(x) ? x : fallback);

function span(raw: Raw): Span {
  const from = raw["severities"] ?? raw["severity"] ?? raw["amount"] ?? raw["parameters"] ?? raw["span"] ?? raw;
  if (Array.isArray(from))
    return { low: number(from[0]), high: number(from[1], 1), default: number(from[2], 0.5), unit: text(from[3]) };
  const r = record(from);
  const low = number(r["low"]);
  const high = number(r["high"], 1);
  return { low, high, default: number(r["default"], (low + high) / 2), unit: text(r["unit"] ?? raw["unit"]) };
}

export function named(x: unknown): Named {
  if (typeof x === "string") return { name: x, title: x.replaceAll("_", " ") };
  const r = record(x);
  const name = text(r["name"]);
  return { name, title: text(r["title"], name.replaceAll("_", " ")), says: text(r["says"]), face: text(r["face"]) };
}

function fault(x: unknown): Fault {
  const r = record(x);
  return {
    ...named(x),
    kinds: list(r["kinds"]).map((k) => text(k)),
    span: span(r),
    sign: text(r["physical_sign"] ?? r["sign"]),
    repairs: list(r["repairs"]).map((n) => text(n)),
  };
}

function touch(x: unknown): Touch {
  const r = record(x);
  return {
    ...named(x),
    kinds: list(r["kinds"]).map((k) => text(k)),
    span: span(r),
    amount: text(record(r["amount"])["name"], "intended"),
    tool: text(r["tool"]),
  };
}

export function compiling(x: unknown): Compiling {
  if (typeof x === "boolean") return { on: x, text: "" };
  const r = record(x);
  return { on: r["on"] === true, text: text(r["text"]) };
}

function contest(x: unknown): Contest {
  const r = record(x);
  const finding = text(r["finding"] ?? r["name"]);
  return { finding, title: text(r["title"], finding.replaceAll("_", " ")), claim: text(r["claim"]) };
}

function hello(raw: Raw): Hello {
  return {
    ...(raw as unknown as Hello),
    people: list(raw["people"]) as Hello["people"],
    works: list(raw["works"]) as Hello["works"],
    shelves: list(raw["shelves"]) as Hello["shelves"],
    ...lists(raw),
    scenarios: list(raw["scenarios"]).map(named),
    critics: list(raw["critics"]).map(named),
    contests: list(raw["contests"]).map(contest),
    compiling: compiling(raw["compiling"]),
  };
}

/** What can be done to the work in focus. */
function lists(raw: Raw): Pick<Hello, "faults" | "touches" | "repairs" | "supports" | "sliders"> {
  return {
    faults: list(raw["faults"]).map(fault),
    touches: list(raw["touches"]).map(touch),
    repairs: list(raw["repairs"]).map(named),
    supports: list(raw["supports"]).map(named),
    sliders: Object.fromEntries(Object.entries(record(raw["sliders"])).map(([k, v]) => [k, span(record(v))])),
  };
}

function state(raw: Raw): State {
  const room = record(raw["room"]);
  return {
    ...(raw as unknown as State),
    edits: list(raw["edits"]) as State["edits"],
    people: list(raw["people"]) as State["people"],
    compiling: compiling(raw["compiling"]),
    arousal: number(raw["arousal"]),
    room: {
      tilt_deg: number(room["tilt_deg"]),
      temperature_c: number(room["temperature_c"], 23),
      light: number(room["light"], 1),
      discord: number(room["discord"]),
      wind: number(room["wind"], 1),
    },
    repairs: Array.isArray(raw["repairs"]) ? raw["repairs"].map(named) : undefined,
  };
}

function figures(raw: Raw): Figures {
  const waves = record(raw["waves"] ?? raw["pressure"] ?? raw["pressure/flow"]);
  return {
    ...(raw as unknown as Figures),
    beats: list(raw["beats"]) as Figures["beats"],
    happenings: list(raw["happenings"]) as Figures["happenings"],
    waves: Array.isArray(waves["chamber_pa"]) && waves["chamber_pa"].length ? (waves as unknown as Figures["waves"]) : undefined,
  };
}

function line(x: unknown): Line {
  if (typeof x === "string") return { text: x, figures: {}, evidence_s: [] };
  const r = record(x);
  return {
    text: text(r["text"]),
    figures: record(r["figures"]) as Record<string, number>,
    evidence_s: list(r["evidence_s"]).map((t) => number(t)),
  };
}

function sentence(raw: Raw): Sentence {
  return {
    ...(raw as unknown as Sentence),
    ...line(raw),
    more: list(raw["more"]).map(line),
    words: record(raw["words"]) as unknown as Sentence["words"],
    causes: list(raw["causes"]) as Sentence["causes"],
    sound: text(raw["sound"]) || null,
  };
}

function trial(x: unknown): Trial {
  if (typeof x === "string") return { outcome: x as Fate, figures: {} };
  const r = record(x);
  return {
    outcome: text(r["outcome"], "unchanged") as Fate,
    figures: record(r["figures"]) as Trial["figures"],
    force_n: typeof r["force_n"] === "number" ? r["force_n"] : null,
    slip: text(r["slip"]),
  };
}

function odds(raw: Raw, dots: unknown): Odds {
  const shares = record(raw["shares"] ?? (FATES.some((f) => f in raw) ? raw : {}));
  return {
    shares: shares as Odds["shares"],
    expected: record(raw["expected"]) as Odds["expected"],
    dots: list(dots ?? raw["dots"]).map(trial),
  };
}

/** How many trials stand behind shares with Wilson's intervals (z = 1.96): middle = (p + q/2) / (1 + q), q = z^2 / n. */
function countOf(shares: Odds["shares"]): number {
  const known = FATES.map((f) => shares[f])
    .filter((s) => s !== undefined)
    .sort((a, b) => Math.abs(b.value - 0.5) - Math.abs(a.value - 0.5))[0];
  if (!known) return 0;
  const middle = (known.low + known.high) / 2;
  return Math.abs(middle - known.value) < 1e-9
    ? 0
    : Math.max(0, Math.round((1.96 ** 2 * (0.5 - middle)) / (middle - known.value)));
}

function rehearsal(raw: Raw): Rehearsal {
  const alone = odds(record(raw["alone"]), raw["alone_dots"]);
  if (raw["alone_expected"]) alone.expected = record(raw["alone_expected"]) as Odds["expected"];
  return {
    ...odds(raw, raw["dots"]),
    done: number(raw["done"]),
    total: number(raw["total"], 60),
    finished: raw["finished"] === true,
    cancelled: raw["cancelled"] === true,
    alone,
    aloneDone: number(raw["alone_done"], countOf(alone.shares)),
    aloneTotal: number(raw["alone_total"]),
  };
}

function touched(raw: Raw): Touched {
  return {
    text: text(raw["text"]),
    force_n: typeof raw["force_n"] === "number" ? raw["force_n"] : null,
    slip: text(raw["slip"]),
    edits: list(raw["edits"]).map((e) => text(e) || text(record(e)["text"])),
  };
}

function dream(raw: Raw): Dream {
  return {
    ...(raw as unknown as Dream),
    lines: list(raw["lines"]) as Dream["lines"],
    words: list(raw["words"]) as Dream["words"],
    choices: list(raw["choices"]).map(named),
    gaze: { work: null, dwell: 0, ...record(raw["gaze"]) } as Dream["gaze"],
    critic: { name: "", face: "", ...record(raw["critic"]) },
    ending: (raw["ending"] as Dream["ending"]) ?? null,
  };
}

function microphone(raw: Raw): Messages["microphone"] {
  const trace = record(raw["trace"]);
  return {
    ...(raw as unknown as Messages["microphone"]),
    status: text(raw["status"], "opening"),
    settled: raw["settled"] === true,
    beats: number(raw["beats"]),
    heard_s: number(raw["heard_s"]),
    advice: list(raw["advice"]).map((a) => text(a)),
    troubles: list(raw["troubles"]).map((t) => text(t)),
    trace: Array.isArray(trace["dots"]) ? (trace as unknown as Messages["microphone"]["trace"]) : null,
    nominal_bph: (raw["nominal_bph"] as number | undefined) ?? null,
    beat_rate_bph: (raw["beat_rate_bph"] as Interval | undefined) ?? null,
    rate_s_per_day: (raw["rate_s_per_day"] as Interval | undefined) ?? null,
    beat_error_ms: (raw["beat_error_ms"] as Interval | undefined) ?? null,
    amplitude_deg: (raw["amplitude_deg"] as Interval | undefined) ?? null,
  };
}

const READERS: { [K in keyof Messages]?: (raw: Raw) => Messages[K] } = {
  hello,
  lists,
  state,
  figures,
  sentence,
  rehearsal,
  touched,
  dream,
  microphone,
};

/** One text message as the page's type, by its `type`. */
export function read<K extends keyof Messages>(kind: K, raw: Raw): Messages[K] {
  const reader = READERS[kind] as ((raw: Raw) => Messages[K]) | undefined;
  return reader ? reader(raw) : (raw as unknown as Messages[K]);
}
