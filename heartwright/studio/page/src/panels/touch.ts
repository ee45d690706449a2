// Choose a touch and how the hand is held; rehearse it on a copy of the work, or touch once.

import { byId, h, plain, still } from "../dom";
import { icon } from "../icons";
import type { Named, Rehearsal, Touch, Touched } from "../types";
import { OddsPicture } from "./odds";
import { slider, type SliderHandle } from "./parts";
import { competition, expected, numbers } from "./result";
import type { Bench, Panel } from "./panel";

const SUPPORTS: readonly Named[] = [
  { name: "none", title: "free hand" },
  { name: "wrist", title: "wrist rested" },
  { name: "braced", title: "braced on the work" },
];
const TRIALS = 60;

export class TouchPanel implements Panel {
  readonly name = "touch";
  readonly title = "Touch and rehearse";
  readonly short = "Touch";
  readonly icon = "touch";
  readonly allowed = () => this.bench.app.mayTouch;
  readonly picture = new OddsPicture();
  private readonly choice = h("select", { "aria-label": "Touch" });
  private readonly amountPlace = h("div");
  private readonly says = h("p.hint");
  private readonly support = h("div.segments", { role: "radiogroup", "aria-label": "Support of the hand" });
  private readonly glass = slider("Magnification", { low: 1, high: 10, default: 1, unit: "×" }, 1);
  private readonly rehearse = h("button.primary", { type: "button", id: "rehearse-now" }, `Rehearse ${TRIALS} times`);
  private readonly touch = h("button.danger", { type: "button", id: "touch-now" }, "Touch once");
  private readonly result = h("div");
  private readonly outcome = h("div.outcome", { role: "status" });
  private amount: SliderHandle | null = null;
  private held = "none";
  private rehearsing = false;
  private isOpen = false;
  private wanted = false;
  private away = false;
  private last = -1;
  private readonly narrow = matchMedia("(max-width: 1000px)");
  private readonly body = h("div.here");
  private readonly of = h("h2");
  private readonly figure = h(
    "div.odds-card",
    {},
    h(
      "div.head",
      {},
      this.of,
      h("button.shut", { type: "button", "aria-label": "Put the picture away", onclick: () => this.putAway() }, icon("close")),
    ),
    this.picture.node,
    this.result,
  );

  constructor(private readonly bench: Bench) {
    bench.app.on("rehearsal", (r) => this.show(r));
    bench.app.on("touched", (t) => this.felt(t));
    bench.app.on("hello", () => this.offer());
    bench.app.on("focus", () => this.offer());
    bench.app.on("lists", () => this.offer());
  }

  build(host: HTMLElement): void {
    this.choice.onchange = () => this.chosen();
    this.rehearse.onclick = () => void this.go();
    this.touch.onclick = () => void this.once();
    host.append(
      h("label.field", {}, h("span", {}, "What the hand does"), this.choice),
      this.says,
      this.amountPlace,
      h("div.field", {}, h("span", {}, "How it is held"), this.support),
      this.glass.node,
      h("div.row.doers", {}, this.rehearse, this.touch),
      this.outcome,
      this.body,
    );
    this.narrow.addEventListener("change", () => this.place());
    this.offer();
    if (this.bench.app.rehearsal) this.show(this.bench.app.rehearsal);
  }

  opened(): void {
    this.isOpen = true;
    if (this.bench.app.rehearsal) {
      this.wanted = true;
      this.place();
    }
  }

  closed(): void {
    this.isOpen = false;
    this.place();
  }

  /** The picture stands large over the stilled room; on a narrow page it lies in the panel. */
  private place(): void {
    const host = byId("odds");
    const shown = this.isOpen && this.wanted;
    (this.narrow.matches ? this.body : host).append(this.figure);
    this.figure.hidden = !shown;
    host.hidden = !shown || this.narrow.matches;
    document.documentElement.classList.toggle("odds-shown", !host.hidden);
    this.picture.redraw();
  }

  private putAway(): void {
    this.wanted = false;
    this.away = true;
    this.place();
  }

  private fitting(): Touch[] {
    const work = this.bench.app.work();
    return (this.bench.app.hello?.touches ?? []).filter((t) => !t.kinds?.length || !work || t.kinds.includes(work.movement_kind));
  }

  private offer(): void {
    const before = this.choice.value;
    const touches = this.fitting();
    this.choice.replaceChildren(...touches.map((t) => h("option", { value: t.name }, t.title)));
    if (touches.some((t) => t.name === before)) this.choice.value = before;
    const none = touches.length === 0;
    this.rehearse.disabled = none;
    this.touch.disabled = none;
    const supports = this.bench.app.hello?.supports?.length ? this.bench.app.hello.supports : SUPPORTS;
    if (!supports.some((s) => s.name === this.held)) this.held = supports[0]?.name ?? "none";
    this.support.replaceChildren(
      ...supports.map((s) => {
        const input = h("input", {
          type: "radio",
          name: "support",
          value: s.name,
          checked: s.name === this.held,
          onchange: () => {
            this.held = s.name;
          },
        });
        return h("label", {}, input, h("span", {}, s.title));
      }),
    );
    this.chosen();
    if (none) this.says.textContent = "This work cannot be touched: no touch is known for its kind.";
  }

  private chosen(): void {
    const touch = this.fitting().find((t) => t.name === this.choice.value);
    this.says.textContent = [touch?.says, touch?.tool ? `Tool: ${touch.tool}.` : ""].filter(Boolean).join(" ");
    this.amount = touch ? slider(`Intended: ${touch.amount}`, touch.span, touch.span.default) : null;
    this.amountPlace.replaceChildren(...(this.amount ? [this.amount.node] : []));
  }

  private args(): Record<string, unknown> {
    return {
      name: this.choice.value,
      amount: this.amount?.value() ?? null,
      support: this.held,
      magnification: this.glass.value(),
    };
  }

  private async go(): Promise<void> {
    if (this.rehearsing) {
      await this.bench.app.ask("cancel");
      return;
    }
    this.outcome.replaceChildren();
    this.result.replaceChildren();
    this.picture.clear(TRIALS);
    this.entitle();
    this.wanted = true;
    this.place();
    if (this.narrow.matches) this.figure.scrollIntoView({ behavior: still() ? "auto" : "smooth", block: "start" });
    this.running(true);
    const done = await this.bench.app.ask("rehearse", { ...this.args(), trials: TRIALS });
    if (!done) {
      this.running(false);
      this.putAway();
    }
  }

  private entitle(): void {
    const option = this.choice.selectedOptions[0];
    const shown = this.amountPlace.querySelector("output")?.textContent;
    this.of.textContent = option ? `${option.textContent}${shown ? `, ${shown}` : ""}` : "The odds";
  }

  private running(on: boolean): void {
    this.rehearsing = on;
    this.rehearse.textContent = on ? "Stop rehearsing" : `Rehearse ${TRIALS} times`;
    document.documentElement.classList.toggle("rehearsing", on);
  }

  private async once(): Promise<void> {
    this.touch.disabled = true;
    this.outcome.replaceChildren();
    await this.bench.app.ask("touch", this.args());
    this.touch.disabled = false;
  }

  private show(r: Rehearsal): void {
    if (!this.of.textContent) this.entitle();
    const fresh = r.done < this.last || this.last < 0;
    if (!this.wanted && (fresh || !this.away)) {
      this.away = false;
      this.wanted = true;
      this.place();
    }
    this.last = r.done;
    this.picture.update(r);
    this.running(!r.finished && !r.cancelled);
    if (!r.done) return;
    this.result.replaceChildren(competition(r), expected(r), numbers(r));
  }

  private felt(t: Touched): void {
    this.outcome.replaceChildren(
      h("p", {}, t.text),
      h("p.hint", {}, t.force_n === null ? "" : `Largest force ${plain(t.force_n, t.force_n < 1 ? 3 : 2)} N.`),
      ...(t.edits.length ? [h("ul.arisen", {}, ...t.edits.map((e) => h("li", {}, e.replace("->", "→"))))] : []),
    );
    if (!this.isOpen) this.bench.app.note(t.text);
  }
}
