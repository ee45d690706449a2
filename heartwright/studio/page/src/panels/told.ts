// What is told of the watch: its movement from the table, or its beat and lift typed.

import type { App } from "../app";
import { h, plain } from "../dom";
import type { Movement, ToldOfWatch } from "../types";

const BEATS = [14_400, 18_000, 19_800, 21_600, 25_200, 28_800, 36_000];

export class ToldForm {
  private movements: Movement[] | null = null;
  private readonly names = h("datalist", { id: "movement-names" });
  readonly movement = h("input", {
    type: "text",
    id: "movement",
    placeholder: "e.g. ETA 2824-2",
    autocomplete: "off",
    maxLength: 64,
    list: "movement-names",
  });
  readonly bph = number("beat", 1800, 72_000, "as heard");
  readonly lift = number("lift", 10, 90, "none: no amplitude");
  readonly clock = number("clock", -1000, 1000, "0");
  readonly clockSigma = number("clock-sigma", 0, 1000, "30");
  private readonly says = h("p.hint", { role: "status" });
  readonly node = h(
    "div.stack",
    {},
    h("label.field", {}, h("span", {}, "Movement"), this.movement, this.names),
    h(
      "div.pair",
      {},
      h("label.field", {}, h("span", {}, "Beats an hour"), this.bph, h("datalist", { id: "beats" }, ...BEATS.map(option))),
      h("label.field", {}, h("span", {}, "Lift angle, degrees"), this.lift),
    ),
    this.says,
    h(
      "details.numbers",
      {},
      h("summary", {}, "The sound card's clock"),
      h(
        "p.hint",
        {},
        "A sound card counts seconds 10 to 50 millionths off, which is 1 to 4 seconds a day. Where it was measured, give what it gains and how sure that is: the rate's interval shrinks.",
      ),
      h(
        "div.pair",
        {},
        h("label.field", {}, h("span", {}, "Runs fast by, ppm"), this.clock),
        h("label.field", {}, h("span", {}, "One sigma, ppm"), this.clockSigma),
      ),
    ),
  );

  constructor(
    private readonly app: App,
    private readonly changed: () => void,
  ) {
    this.bph.setAttribute("list", "beats");
    for (const input of [this.movement, this.bph, this.lift, this.clock, this.clockSigma])
      input.onchange = () => {
        this.show();
        changed();
      };
  }

  /** Fetch the table, once. */
  async open(): Promise<void> {
    if (this.movements) return;
    this.movements = [];
    try {
      this.movements = await this.app.net.get<Movement[]>("/api/movements");
      this.names.replaceChildren(...this.movements.map((m) => h("option", { value: m.name })));
      if (!this.movement.value) return;
      this.show(); // it was written before the table came
      this.changed();
    } catch {
      this.movements = null; // asked again when the panel is opened again
    }
  }

  /** Typed figures go before those of the table. */
  told(): ToldOfWatch {
    const row = this.row();
    const lift = inside(this.lift);
    return {
      bph: inside(this.bph),
      movement_bph: row?.rates_bph.length === 1 ? (row.rates_bph[0] ?? null) : null,
      lifts_deg: lift !== null ? [lift] : (row?.lifts_deg.slice(0, 8) ?? []),
      movement: this.movement.value.trim().slice(0, 64),
      clock_ppm: [inside(this.clock) ?? 0, inside(this.clockSigma) ?? 30],
    };
  }

  private row(): Movement | undefined {
    const bare = (x: string) => x.toLowerCase().replace(/[^a-z0-9]/g, "");
    const wanted = bare(this.movement.value);
    if (!wanted) return undefined;
    const all = this.movements ?? [];
    const fit = all.filter((m) => bare(m.name).includes(wanted));
    return all.find((m) => bare(m.name) === wanted) ?? (fit.length === 1 ? fit[0] : undefined);
  }

  private show(): void {
    const row = this.row();
    const or = (values: number[], unit: string) => values.map((v) => `${plain(v)}${unit}`).join(" or ");
    const parts: string[] = [];
    if (row) {
      parts.push(`${row.name}: ${or(row.rates_bph, "")} beats an hour`);
      parts.push(row.lifts_deg.length ? `lift ${or(row.lifts_deg, "°")}` : "its lift is not in the table");
      if (row.lifts_deg.length > 1) parts.push("the sources differ, and the amplitude's interval covers both");
    } else if (this.movement.value.trim()) parts.push("Not in the table, or more than one fits: write more of it, or give beat and lift");
    this.says.textContent = parts.length ? `${parts.join("; ")}.` : "";
    this.bph.placeholder = row?.rates_bph.length === 1 ? plain(row.rates_bph[0] ?? 0) : "as heard";
    this.lift.placeholder = row?.lifts_deg.length ? plain(row.lifts_deg[0] ?? 0) : "none: no amplitude";
  }
}

const option = (value: number): HTMLOptionElement => h("option", { value: String(value) });

function number(id: string, low: number, high: number, hint: string): HTMLInputElement {
  return h("input", { type: "number", id, min: String(low), max: String(high), step: "any", placeholder: hint, autocomplete: "off" });
}

/** The number in a field where it is one and within its bounds. */
function inside(input: HTMLInputElement): number | null {
  const value = input.valueAsNumber;
  return Number.isFinite(value) && input.validity.valid ? value : null;
}
