// The guided route as a panel: one stop at a time, with its idea, its figure, its one control, and what holds the claim.

import { h } from "../dom";
import { STOPS, type Control, type Held, type Stop } from "../route";
import { slider } from "./parts";
import type { Bench, Panel } from "./panel";

export class Route implements Panel {
  readonly name = "route";
  readonly title = "The way of the energy";
  readonly short = "Route";
  readonly icon = "route";
  at = 0;
  private isOpen = false;
  private figure: HTMLElement | null = null;
  private readonly place = h("div.stop");
  private readonly steps = h("ol.steps", { "aria-label": "Stops" });

  constructor(private readonly bench: Bench) {
    bench.app.on("figures", () => this.read());
  }

  build(host: HTMLElement): void {
    const turn = (by: number, name: string) => h("button.quiet", { type: "button", onclick: () => this.go(this.at + by) }, name);
    host.append(this.steps, this.place, h("div.row.turns", {}, turn(-1, "Back"), turn(1, "Onward")));
  }

  opened(): void {
    this.isOpen = true;
    const { app } = this.bench;
    const heart = app.works.find((w) => w.movement_kind === "heart");
    if (heart && app.focus !== heart.id && app.mayTouch) void app.ask("focus", { work: heart.id });
    this.go(this.at);
  }

  closed(): void {
    this.isOpen = false;
    this.bench.app.room?.label([]);
    this.bench.stage.look(this.bench.app.focus);
  }

  private go(to: number): void {
    this.at = (to + STOPS.length) % STOPS.length;
    const stop = STOPS[this.at]!;
    this.steps.replaceChildren(
      ...STOPS.map((s, i) =>
        h(
          "li",
          {},
          h("button", {
            type: "button",
            title: s.title,
            "aria-label": s.title,
            "aria-current": i === this.at ? "step" : null,
            onclick: () => this.go(i),
          }),
        ),
      ),
    );
    this.figure = h("div.reading", { role: "status" });
    this.place.replaceChildren(
      h("p.count", {}, `${this.at + 1} of ${STOPS.length}`),
      h("h3.stop-title", {}, stop.title),
      h("p.idea", {}, stop.idea),
      this.figure,
      this.control(stop.control),
      held(stop.held),
    );
    this.bench.stage.look(this.bench.app.focus, stop.view);
    this.read();
  }

  private read(): void {
    if (!this.isOpen || !this.figure) return;
    const row = (STOPS[this.at] as Stop).figure(this.bench.app);
    this.figure.replaceChildren(
      ...(row ? [h("b", {}, row[1]), h("span", {}, row[0])] : [h("span", {}, "This figure has not come from the model yet.")]),
    );
  }

  private control(c: Control): HTMLElement {
    const { app, open } = this.bench;
    const button = (label: string, act: () => void) => h("button.choice", { type: "button", onclick: act }, label);
    if (c.kind === "panel") return button(c.label, () => open(c.panel));
    if (!app.mayTouch) return h("div");
    if (c.kind === "command") return button(c.label, () => void app.ask(c.command));
    if (c.kind === "speed")
      return button(c.label, () => void app.ask("speed", { value: app.state?.speed === c.value ? 1 : c.value }));
    if (c.kind === "fault") return button(c.label, () => void app.ask("fault", { name: c.name }));
    if (c.kind === "slider") {
      const span = app.hello?.sliders[c.key];
      return span
        ? slider(c.label, span, span.default, (value) => void app.ask("slider", { [c.key]: value })).node
        : h("p.hint", {}, "This work has no such measure.");
    }
    return slider(
      c.label,
      app.hello?.air?.[c.key] ?? c.span,
      app.state?.room[c.key] ?? c.span.default,
      (value) => void app.ask("place", { [c.key]: value }),
    ).node;
  }
}

function held(h_: Held): HTMLElement {
  if ("test" in h_)
    return h("p.held", { "data-kind": "test" }, h("b", {}, "Held by a test"), h("code", {}, h_.test.split("::").join(" · ")));
  return h("p.held", { "data-kind": "simple" }, h("b", {}, "A simplification"), h("span", {}, h_.simplification));
}
