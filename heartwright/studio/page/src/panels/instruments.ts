// The instruments: trace, scope, amplitude and rate, the heart's pressure and flow, the energy ledger.

import "uplot/dist/uPlot.min.css";
import type { App } from "../app";
import { h, plain, scaled, spread } from "../dom";
import type { BeatDot, Interval, Ledger } from "../types";
import { Chart, COLOURS, type Mark } from "./plots";
import type { Bench, Panel } from "./panel";

const TRACE_S = 60;
const SHOWN_FLOW_S = 4;
const SINKS = 9; // shown one by one; what is smaller, together

export class Instruments implements Panel {
  readonly name = "instruments";
  readonly title = "Instruments";
  readonly short = "Read";
  readonly icon = "instruments";
  private readonly app: App;
  private readonly numbers = h("div.numerals", { "aria-live": "off" });
  private readonly which = h("p.hint");
  private readonly scopeHint = h("p.hint");
  private readonly heart = h("div");
  private readonly ledger = h("div.ledger");
  private marks: Mark[] = [];
  private beatMarks: Mark[] = [];
  private isOpen = false;
  readonly trace = new Chart({
    height: 132,
    unit: "ms",
    x: "s",
    least: 1,
    curves: [
      { label: "tick", colour: COLOURS.brass, dots: true },
      { label: "tock", colour: COLOURS.steel, dots: true },
    ],
  });
  readonly scope = new Chart({
    height: 132,
    unit: "",
    x: "ms",
    zero: true,
    marks: () => this.beatMarks,
    curves: [
      { label: "tick", colour: COLOURS.brass, fill: "rgba(217,170,85,.12)" },
      { label: "tock", colour: COLOURS.steel, fill: "rgba(147,174,203,.1)" },
    ],
  });
  readonly struck = new Chart({
    height: 132,
    unit: "nN s",
    x: "ms",
    zero: true,
    curves: [
      { label: "tick", colour: COLOURS.brass, stems: true },
      { label: "tock", colour: COLOURS.steel, stems: true },
    ],
  });
  readonly amplitude = new Chart({
    height: 104,
    unit: "°",
    x: "s",
    least: 8,
    curves: [{ label: "amplitude", colour: COLOURS.brass, dots: true }],
  });
  readonly rate = new Chart({
    height: 104,
    unit: "s/d",
    x: "s",
    least: 10,
    bands: [[2, 3]],
    curves: [
      { label: "rate", colour: COLOURS.brass, width: 1.6 },
      { label: "high", colour: "rgba(217,170,85,.25)", width: 0.6 },
      { label: "low", colour: "rgba(217,170,85,.25)", width: 0.6 },
    ],
  });
  readonly pressure = new Chart({
    height: 120,
    unit: "Pa",
    x: "s",
    marks: () => this.marks,
    curves: [
      { label: "chamber", colour: COLOURS.ruby, width: 1.5 },
      { label: "artery", colour: COLOURS.leaf, width: 1.5 },
    ],
  });
  readonly flow = new Chart({
    height: 92,
    unit: "cm³/s",
    x: "s",
    zero: true,
    marks: () => this.marks.map((m) => ({ ...m, name: "" })),
    curves: [{ label: "flow", colour: COLOURS.steel, fill: "rgba(147,174,203,.18)" }],
  });

  constructor(bench: Bench) {
    this.app = bench.app;
    for (const topic of ["figures", "sentence", "focus"] as const)
      this.app.on(topic, () => {
        if (this.isOpen) this.update();
      });
  }

  build(host: HTMLElement): void {
    const block = (title: string, key: Node | null, ...nodes: Node[]) =>
      h("section.instrument", {}, h("div.heading", {}, h("h3", {}, title), key), ...nodes);
    const key = (...items: [string, string][]) =>
      h(
        "p.key",
        {},
        ...items.map(([name, colour]) => {
          const i = h("i");
          i.style.background = colour;
          return h("span", {}, i, name);
        }),
      );
    this.heart.append(
      block("The heart's pressure, Pa", key(["chamber", COLOURS.ruby], ["artery", COLOURS.leaf]), this.pressure.node),
      block("Flow through the outlet reed, cm³/s", null, this.flow.node),
    );
    host.append(
      this.which,
      this.numbers,
      block("Trace: off an even beat, ms", key(["tick", COLOURS.brass], ["tock", COLOURS.steel]), this.trace.node),
      block(
        "Scope: the beat folded, ms",
        key(["tick", COLOURS.brass], ["tock", COLOURS.steel]),
        this.scopeHint,
        this.scope.node,
        this.struck.node,
      ),
      block("Amplitude, degrees", null, this.amplitude.node),
      block("Rate, seconds a day", null, this.rate.node),
      this.heart,
      block("Where the energy goes", null, this.ledger),
    );
  }

  opened(): void {
    this.isOpen = true;
    requestAnimationFrame(() => this.update());
  }
  closed(): void {
    this.isOpen = false;
  }

  private update(): void {
    const { app } = this;
    const work = app.work(),
      f = app.figures.get(app.focus),
      reading = app.sentences.get(app.focus)?.reading;
    const heard = !work?.live || !f;
    this.which.textContent = work
      ? heard
        ? `${work.title}: as heard from the recording.`
        : `${work.title.split(":")[0]}: as the engine runs it.`
      : "";
    const a = f?.amplitude_deg ?? (heard ? reading?.amplitude_deg : null),
      r = f?.rate_s_per_day ?? (heard ? reading?.rate_s_per_day : null),
      e = f?.beat_error_ms ?? (heard ? reading?.beat_error_ms : null);
    this.numbers.replaceChildren(
      numeral("amplitude", a, "°", 0),
      numeral("rate", r, "s/d", 1, true),
      numeral("beat error", e, "ms", 2),
    );
    const beats = app.beats.get(app.focus) ?? reading?.beats_table ?? [];
    this.showTrace(beats);
    this.showScope();
    this.showRate();
    this.showHeart();
    this.showLedger(f?.ledger);
  }

  private showTrace(all: BeatDot[]): void {
    const end = all.at(-1)?.[0] ?? 0;
    const beats = all.filter((b) => b[0] >= end - TRACE_S);
    this.trace.set([
      beats.map((b) => b[0]),
      beats.map((b) => (b[2] > 0 ? b[1] : null)),
      beats.map((b) => (b[2] > 0 ? null : b[1])),
    ]);
    const swung = all.filter((b) => b[3] !== null && Number.isFinite(b[3]));
    this.amplitude.node.parentElement!.hidden = swung.length === 0;
    this.amplitude.set([swung.map((b) => b[0]), swung.map((b) => b[3])]);
  }

  /** The averaged sound of a beat where one was heard; until then the model's own contacts, folded on the beat. */
  private showScope(): void {
    const fold = this.app.sentences.get(this.app.focus)?.reading?.fold;
    this.scope.node.hidden = !fold;
    this.struck.node.hidden = !!fold;
    if (fold) {
      this.beatMarks = fold.marks.map(([name, at]) => ({ at, name: name.split(" ")[0] ?? name }));
      this.scopeHint.textContent = `Averaged sound. ${fold.marks.map(([name]) => name).join("; ")}`;
      this.scope.set([fold.t_ms, fold.envelope[0] ?? [], fold.envelope[1] ?? []]);
      return;
    }
    const beats = (this.app.beats.get(this.app.focus) ?? []).slice(-40);
    const rows = foldContacts(beats, this.app.contacts.get(this.app.focus) ?? []);
    this.scopeHint.textContent = rows.length
      ? "Not yet heard: the model's contacts of the last beats, by their impulse [nN s]."
      : "Nothing heard yet.";
    this.struck.set([
      rows.map((r) => r[0]),
      rows.map((r) => (r[2] > 0 ? r[1] : null)),
      rows.map((r) => (r[2] > 0 ? null : r[1])),
    ]);
  }

  private showRate(): void {
    const trail = (this.app.trail.get(this.app.focus) ?? []).filter((f) => f.rate_s_per_day);
    this.rate.node.parentElement!.hidden = trail.length === 0;
    this.rate.set([
      trail.map((f) => f.time_s),
      trail.map((f) => f.rate_s_per_day?.value ?? null),
      trail.map((f) => f.rate_s_per_day?.high ?? null),
      trail.map((f) => f.rate_s_per_day?.low ?? null),
    ]);
  }

  private showHeart(): void {
    const tape = this.app.waves.get(this.app.focus);
    this.heart.hidden = !tape?.t.length;
    if (!tape?.t.length) return;
    const names: Record<string, string> = { inlet_closes: "S1", outlet_closes: "S2" };
    const since = tape.t.at(-1)! - SHOWN_FLOW_S;
    const from = Math.max(
      0,
      tape.t.findIndex((t) => t >= since),
    );
    this.marks = tape.happenings
      .filter(([at, kind]) => kind in names && at >= since)
      .map(([at, kind]) => ({ at, name: names[kind] ?? kind, colour: COLOURS.brass }));
    const t = tape.t.slice(from);
    this.pressure.set([t, tape.chamber.slice(from), tape.artery.slice(from)]);
    this.flow.set([t, tape.flow.slice(from)]);
  }

  private showLedger(ledger: Ledger | undefined): void {
    const section = this.ledger.parentElement!;
    section.hidden = !ledger;
    if (!ledger) return;
    const all = Object.entries(ledger.spent)
      .filter(([, j]) => j > 0)
      .sort((x, y) => y[1] - x[1]);
    const rest = all.slice(SINKS);
    const spent: [string, number][] = [
      ...all.slice(0, SINKS),
      ...(rest.length ? [[`${rest.length} smaller ones`, rest.reduce((sum, [, j]) => sum + j, 0)] as [string, number]] : []),
    ];
    const whole = Math.max(Math.abs(ledger.drive_j), ...spent.map(([, j]) => j), Math.abs(ledger.stored_j), 1e-30);
    const row = (name: string, joule: number, kind: string) => {
      const fill = h("i", { "data-kind": kind });
      fill.style.width = `${(100 * Math.abs(joule)) / whole}%`;
      return h(
        "div.joule",
        {},
        h("span.name", {}, name.replaceAll("_", " ")),
        h("div.rail", {}, fill),
        h("span.note", {}, scaled(joule, "J")),
      );
    };
    this.ledger.replaceChildren(
      row("given by the spring", ledger.drive_j, "drive"),
      ...spent.map(([n, j]) => row(n, j, "spent")),
      row("stored", ledger.stored_j, "stored"),
      h(
        "p.hint",
        {},
        `Unaccounted for: ${
          ledger.residual_ratio > 0
            ? ledger.residual_ratio
                .toExponential(1)
                .replace("e-", " · 10⁻")
                .replace(/⁻(\d+)/, (_, d: string) => `⁻${[...d].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]).join("")}`)
            : "0"
        } of it.`,
      ),
    );
  }
}

function numeral(name: string, figure: Interval | null | undefined, unit: string, most: number, sign = false): HTMLElement {
  if (!figure) return h("div.numeral", {}, h("b", {}, "–"), h("span", {}, name), h("small", {}, "not measured yet"));
  const half = (figure.high - figure.low) / 2;
  return h(
    "div.numeral",
    { title: `${plain(figure.low, 3)} to ${plain(figure.high, 3)} ${unit}` },
    h("b", {}, spread(figure, most, sign).replace(/ (±|\().*/, "")),
    h("span", {}, `${name}, ${unit}`),
    h("small", {}, half > 0 ? spread(figure, most + 1, sign).replace(/^\S+ /, "") : ""),
  );
}

/** Contacts as [ms after the beat's first sound, impulse in nN s, side], in order of time. */
function foldContacts(beats: BeatDot[], contacts: [number, string, number, number][]): [number, number, number][] {
  const out: [number, number, number][] = [];
  let k = 0;
  for (const [t, , side] of beats) {
    while (k > 0 && (contacts[k]?.[0] ?? 0) > t - 0.002) k -= 1;
    for (; k < contacts.length; k++) {
      const [at, , , impulse] = contacts[k]!;
      if (at > t + 0.028) break;
      if (at >= t - 0.002) out.push([1000 * (at - t), 1e9 * impulse, side]);
    }
  }
  return out.sort((a, b) => a[0] - b[0]);
}
