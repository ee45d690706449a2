// Faults with their severity, the repairs that answer them, undo; the three sliders of the escapement; wind, tilt and temperature.

import { h } from "../dom";
import type { EditLine, Fault, Named, Slider, Span, State } from "../types";
import { heading, slider, type SliderHandle } from "./parts";
import type { Bench as BenchView, Panel } from "./panel";

const SLIDERS: readonly { key: Slider; label: string }[] = [
  { key: "lock_deg", label: "Lock" },
  { key: "draw_deg", label: "Draw" },
  { key: "drop_deg", label: "Drop" },
];
const AIR: readonly { key: "wind" | "tilt_deg" | "temperature_c"; label: string; span: Span }[] = [
  { key: "wind", label: "Wind", span: { low: 0.05, high: 1, default: 1, unit: "" } },
  { key: "tilt_deg", label: "Tilt of the floor", span: { low: -90, high: 90, default: 0, unit: "deg" } },
  { key: "temperature_c", label: "Temperature", span: { low: -5, high: 45, default: 23, unit: "C" } },
];

export class BenchPanel implements Panel {
  readonly name = "bench";
  readonly title = "The bench";
  readonly short = "Bench";
  readonly icon = "bench";
  readonly allowed = () => this.bench.app.mayTouch;
  private readonly faults = h("div.stack");
  private readonly repairs = h("div.stack");
  private readonly edits = h("div");
  private readonly three = h("div");
  private readonly air = new Map<string, SliderHandle>();
  private shown = "";

  constructor(private readonly bench: BenchView) {
    bench.app.on("state", (s) => this.update(s));
    bench.app.on("focus", () => this.offer());
    bench.app.on("lists", () => this.offer());
    bench.app.on("hello", () => this.offer());
  }

  build(host: HTMLElement): void {
    const air = AIR.map(({ key, label, span }) => {
      const handle = slider(
        label,
        this.bench.app.hello?.air?.[key] ?? span,
        this.bench.app.state?.room[key] ?? span.default,
        (value) => void this.bench.app.ask("place", { [key]: value }),
      );
      this.air.set(key, handle);
      return handle.node;
    });
    host.append(
      this.repairs,
      this.edits,
      heading("Put a fault in", "Each is a change of the design with a severity. It is made while the work goes on, and heard."),
      this.faults,
      heading("Escapement", "The work runs on with the changed shapes."),
      this.three,
      heading("The room"),
      ...air,
    );
    this.offer();
    if (this.bench.app.state) this.update(this.bench.app.state);
  }

  private offer(): void {
    const { app } = this.bench;
    const work = app.work();
    const fitting = (app.hello?.faults ?? []).filter(
      (f) => !f.kinds?.length || !work || f.kinds.includes(work.movement_kind) || f.kinds.includes(work.design),
    );
    const key = JSON.stringify([work?.kind, fitting]);
    if (this.faults.dataset["of"] !== key) {
      this.faults.dataset["of"] = key;
      this.faults.replaceChildren(
        ...(work?.kind === "recording"
          ? [h("p.hint", {}, "A recording can be heard, not changed.")]
          : work?.kind === "standing"
            ? [h("p.hint", {}, "What can be done to it stands under Works.")]
            : fitting.map((f) => this.fault(f))),
      );
    }
    const at = JSON.stringify(app.hello?.sliders);
    if (this.three.dataset["of"] === at || this.three.contains(document.activeElement)) return;
    this.three.dataset["of"] = at;
    this.three.replaceChildren(
      ...SLIDERS.flatMap(({ key, label }) => {
        const span = app.hello?.sliders[key];
        return span ? [slider(label, span, span.default, (value) => void app.ask("slider", { [key]: value })).node] : [];
      }),
    );
    if (!this.three.childElementCount) this.three.append(h("p.hint", {}, "This work's escapement has no such measures."));
  }

  private fault(fault: Fault): HTMLElement {
    const severity = slider("Severity", fault.span, fault.span.default);
    const put = h(
      "button.primary",
      { type: "button", "data-fault": fault.name, onclick: () => void this.put(fault, severity.value(), put) },
      "Put it in",
    );
    return h(
      "details.fault",
      { name: "fault" },
      h("summary", {}, fault.title),
      fault.says ? h("p", {}, fault.says) : null,
      fault.sign ? h("p.hint", {}, `To be heard: ${fault.sign}`) : null,
      severity.node,
      h("div.row", {}, put),
    );
  }

  private async put(fault: Fault, severity: number, button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    const done = await this.bench.app.ask("fault", { name: fault.name, severity });
    button.disabled = false;
    if (done) this.bench.app.note(`${fault.title}: it is in. Listen; the sentence follows.`);
  }

  private update(state: State): void {
    for (const { key } of AIR) this.air.get(key)?.set(state.room[key] ?? Number.NaN);
    const mendable = state.repairs ?? [];
    const key = JSON.stringify([state.edits, mendable]);
    if (key === this.shown) return;
    this.shown = key;
    this.repairs.replaceChildren(...(mendable.length ? [heading("Mend"), ...mendable.map((r) => this.repair(r))] : []));
    this.edits.replaceChildren(...(state.edits.length ? [heading("What was done"), ...this.history(state.edits)] : []));
  }

  private repair(repair: Named): HTMLElement {
    return h(
      "button.choice",
      { type: "button", "data-repair": repair.name, onclick: () => void this.bench.app.ask("repair", { name: repair.name }) },
      repair.title,
    );
  }

  private history(edits: EditLine[]): HTMLElement[] {
    const last = edits.at(-1);
    return [
      h(
        "ol.edits",
        { reversed: true },
        ...[...edits].reverse().map((e) => h("li", {}, e.text, e.undoable ? null : h("em", {}, " cannot be undone"))),
      ),
      h(
        "button.quiet",
        { type: "button", id: "undo", disabled: last?.undoable === false, onclick: () => void this.bench.app.ask("undo") },
        "Undo the last",
      ),
    ];
  }
}
