// A standing work: its figures with their bounds, what can be done to it, what was done, and where its energy went.

import type { App } from "../app";
import { h, plain, scaled, spread } from "../dom";
import type { Deed, Figure, Figures, ShelfState, Work } from "../types";
import { heading, slider, type SliderHandle } from "./parts";

export class StandingCard {
  readonly node = h("div");
  private readonly figures = h("dl.figures", { "aria-live": "off" });
  private readonly deeds = h("div.stack");
  private readonly done = h("div");
  private readonly shelf = h("p.hint");
  private readonly says = h("p.answer", { role: "status" });
  private of = -1;

  constructor(private readonly app: App) {
    this.node.append(this.figures, this.shelf, this.deeds, this.says, this.done);
    app.on("figures", (f) => this.update(f));
    app.on("state", () => this.stands());
  }

  /** Show a work; null hides the card. */
  show(work: Work | null): void {
    this.node.hidden = !work;
    if (!work) {
      this.of = -1;
      return;
    }
    if (work.id === this.of) return;
    this.of = work.id;
    this.says.textContent = "";
    this.done.replaceChildren();
    this.deeds.replaceChildren(
      ...(this.app.mayTouch && work.deeds?.length ? [heading("What can be done to it"), ...work.deeds.map((d) => this.deed(work, d))] : []),
    );
    const known = this.app.figures.get(work.id);
    this.figures.replaceChildren();
    if (known) this.update(known);
    this.stands();
  }

  private deed(work: Work, deed: Deed): HTMLElement {
    const handles = Object.entries(deed.amounts).map(
      ([name, span]): [string, SliderHandle] => [name, slider(name.replaceAll("_", " "), span, span.default)],
    );
    const button = h(
      "button.primary",
      { type: "button", "data-deed": deed.name, onclick: () => void this.act(work, deed, handles, button) },
      handles.length ? "Do it" : deed.title,
    );
    if (!handles.length) return h("div.row", {}, button, deed.says ? h("span.hint", {}, deed.says) : null);
    return h(
      "details.fault",
      { name: "deed" },
      h("summary", {}, deed.title),
      deed.says ? h("p", {}, deed.says) : null,
      ...handles.map(([, s]) => s.node),
      h("div.row", {}, button),
    );
  }

  private async act(work: Work, deed: Deed, handles: [string, SliderHandle][], button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    const amounts = Object.fromEntries(handles.map(([name, s]) => [name, s.value()]));
    const answer = await this.app.ask("deed", { work: work.id, name: deed.name, amounts });
    button.disabled = false;
    if (answer && this.of === work.id) this.says.textContent = String(answer["text"] ?? "");
  }

  private update(told: Figures): void {
    if (told.work !== this.of || !told.figures) return;
    const rows = Object.entries(told.figures).flatMap(([name, f]) => [
      h("dt", { title: f.says }, name.replaceAll("_", " ")),
      h("dd", { title: f.says }, written(f)),
    ]);
    const books = told.ledger;
    if (books) {
      const spent = Object.values(books.spent).reduce((sum, x) => sum + x, 0);
      rows.push(h("dt", {}, "energy"), h("dd", { title: "in, spent, and what the books are out by" },
        `${scaled(books.drive_j, "J")} in, ${scaled(spent, "J")} spent, books ${plain(100 * books.residual_ratio, 3)} % out`));
    }
    this.figures.replaceChildren(...rows);
    const done = told.done ?? [];
    this.done.replaceChildren(
      ...(done.length ? [heading("What was done"), h("ol.edits", { reversed: true }, ...[...done].reverse().map((d) => h("li", {}, d)))] : []),
    );
  }

  private stands(): void {
    const name = this.app.work(this.of)?.shelf;
    const shelf = this.app.state?.shelves?.find((s) => s.name === name);
    this.shelf.textContent = shelf ? borne(shelf) : "";
  }
}

/** How a shelf bears what stands on it, in a line. */
export function borne(shelf: ShelfState): string {
  const groans = shelf.status === "holds" ? "" : ` ${shelf.advice || "It groans."}`;
  const desk = shelf.mix_db
    ? ` The mixing desk ${shelf.mix_db < 0 ? "lowers" : "raises"} its sound by ${plain(Math.abs(shelf.mix_db) / 2, 0)} dB, ` +
      `out of focus by ${plain(Math.abs(shelf.mix_db), 0)}; that is no physics.`
    : "";
  return (
    `It stands on the ${shelf.name}, which bears ${plain(shelf.load_kg, 1)} kg, sags by ${plain(shelf.sag_mm, 2)} mm, ` +
    `is at ${plain(100 * shelf.share, 1)} % of its strength, and moves by ${plain(shelf.moves_um_s, 1)} µm/s.${groans}${desk}`
  );
}

/** A work in a line: its first figures. */
export function inShort(work: Work, told: Figures | undefined): string {
  const name = `${work.title.charAt(0).toUpperCase()}${work.title.slice(1)}`;
  const figures = Object.entries(told?.figures ?? {}).filter(([, f]) => f.value !== null && Number.isFinite(f.value));
  if (!figures.length) return `${name}.`;
  const said = figures.slice(0, 3).map(([key, f]) => `${key.replaceAll("_", " ")} ${written(f)}`);
  return `${name}: ${said.join(", ")}.`;
}

/** Units that take a prefix where a value is small. */
const PREFIXED = new Set(["m", "s", "J", "N", "Pa", "W", "N m", "N s"]);
const PREFIXES: readonly [number, string][] = [[1, ""], [1e-3, "m"], [1e-6, "µ"], [1e-9, "n"]];

function written(f: Figure): string {
  if (f.value === null || !Number.isFinite(f.value)) return "–";
  const size = Math.abs(f.value);
  const small = PREFIXED.has(f.unit) && size > 0 && size < 0.1;
  const [factor, prefix] = (small && PREFIXES.find(([k]) => size >= k)) || [1, ""];
  const unit = f.unit === "deg" ? "°" : f.unit ? ` ${prefix}${f.unit}` : "";
  const value = f.value / factor;
  if (f.low !== undefined && f.high !== undefined)
    return spread({ value, low: f.low / factor, high: f.high / factor }, 4) + unit;
  if (size === 0 || (Number.isInteger(value) && size < 1e6)) return plain(value, 0) + unit;
  if (Math.abs(value) >= 1e5 || Math.abs(value) < 1e-3) return value.toExponential(2).replaceAll("-", "−") + unit;
  return plain(value, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))) + unit;
}
