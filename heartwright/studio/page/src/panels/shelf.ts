// The works of the room: which one is looked at, who made it, what it was meant to be, what it owns to; and what can be kept.

import { h, plain } from "../dom";
import type { Work } from "../types";
import { chooseFile } from "../upload";
import { StandingCard } from "./deeds";
import { keepSection } from "./keep";
import { heading } from "./parts";
import type { Bench, Panel } from "./panel";

const MANY = 4; // works of one kind that share a row
/** What is true of every movement here that stands on no shelf. */
const APART =
  "It feels the room’s tilt and warmth. It is not coupled to the shelves: it neither shakes them nor is shaken by them.";
/** What people call a kind. */
const KINDS: Record<string, string> = { galaxy: "galaxy in an orb", web: "web of thread" };

export class Shelf implements Panel {
  readonly name = "shelf";
  readonly title = "The works";
  readonly short = "Works";
  readonly icon = "shelf";
  private readonly list = h("div.stack", { role: "group", "aria-label": "Works" });
  private readonly about = h("div.about");
  private readonly card: StandingCard;

  constructor(private readonly bench: Bench) {
    this.card = new StandingCard(bench.app);
    for (const topic of ["works", "focus", "hello"] as const) bench.app.on(topic, () => this.show());
    bench.app.on("sentence", () => this.show());
  }

  build(host: HTMLElement): void {
    const { app } = this.bench;
    host.append(this.list, this.about, this.card.node);
    if (app.mayTouch)
      host.append(
        h(
          "div.row",
          {},
          h("button.quiet", { type: "button", onclick: () => void chooseFile(app, this.bench) }, "Put a file on the shelf"),
        ),
      );
    host.append(...keepSection(app));
    this.show();
  }

  private show(): void {
    const { app } = this.bench;
    this.list.replaceChildren(...this.groups());
    const work = app.work();
    this.card.show(work?.kind === "standing" ? work : null);
    this.order(work?.kind === "standing");
    const rows: [string, string | undefined][] = work
      ? [
          ["Made by", work.author],
          ["Date", work.date],
          ["Intended", work.intent],
          ["Owns to", work.weakness],
          ["Beats an hour", work.nominal_bph ? plain(work.nominal_bph) : ""],
          ["Lift", work.lift_deg ? `${plain(work.lift_deg, 0)}°` : ""],
          ["Weighs", work.mass_kg ? `${plain(work.mass_kg, 2)} kg` : ""],
          ["Stands on", work.shelf],
        ]
      : [];
    this.about.replaceChildren(
      ...(work
        ? [
            heading(work.title.split(":")[0] ?? ""),
            h("dl", {}, ...rows.filter(([, v]) => v).flatMap(([k, v]) => [h("dt", {}, k), h("dd", {}, v ?? "")])),
            ...(work.kind === "design" ? [h("p.hint", { id: "apart" }, APART)] : []),
          ]
        : []),
    );
  }

  /** What is told of a standing work comes before the list, what is told of another after it. */
  private order(before: boolean): void {
    const first = this.list.parentElement?.firstElementChild;
    if (!first || (first === this.about) === before) return;
    if (before) this.list.before(this.about, this.card.node);
    else this.list.after(this.about, this.card.node);
  }

  /** Works as rows; of standing works of one kind that are many, one row with a choice of numbers. */
  private groups(): HTMLElement[] {
    const { works } = this.bench.app;
    const kinds = new Map<string, Work[]>();
    for (const w of works) if (w.kind === "standing") kinds.set(w.movement_kind, [...(kinds.get(w.movement_kind) ?? []), w]);
    const out: HTMLElement[] = [];
    for (const w of works) {
      const alike = w.kind === "standing" ? (kinds.get(w.movement_kind) ?? []) : [];
      if (alike.length < MANY) out.push(this.row(w));
      else if (alike[0] === w) out.push(this.many(alike));
    }
    return out;
  }

  private many(works: Work[]): HTMLElement {
    const { app } = this.bench;
    const kind = works[0]?.movement_kind === "galaxy" ? "orb" : (works[0]?.movement_kind ?? "");
    return h(
      "div.many",
      { role: "group", "aria-label": `${kind}s` },
      h("b", {}, `${works.length} ${kind}s`),
      ...works.map((w, i) =>
        h(
          "button.quiet",
          {
            type: "button",
            title: w.title,
            "aria-label": w.title,
            "aria-pressed": String(w.id === app.focus),
            disabled: !app.mayJudge,
            "data-work": w.id,
            onclick: () => void app.ask("focus", { work: w.id }),
          },
          String(i + 1),
        ),
      ),
    );
  }

  private row(work: Work): HTMLElement {
    const { app } = this.bench;
    const here = work.id === app.focus;
    const may = app.mayJudge;
    const says =
      work.kind === "recording"
        ? `recording, ${work.status ?? ""}`
        : work.kind === "standing"
          ? [KINDS[work.movement_kind] ?? work.movement_kind, work.status === "running" ? "" : work.status].filter(Boolean).join(", ")
          : work.live
            ? work.movement_kind
            : "its engine is starting";
    return h(
      "button.choice",
      {
        type: "button",
        "aria-pressed": String(here),
        disabled: !may,
        "data-work": work.id,
        onclick: () => void app.ask("focus", { work: work.id }),
      },
      h("b", {}, work.title.split(":")[0] ?? work.title),
      h("span.hint", {}, says),
    );
  }
}
