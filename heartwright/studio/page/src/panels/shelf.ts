// The works of the room: which one is looked at, who made it, what it was meant to be, what it owns to; and what can be kept.

import { h, plain } from "../dom";
import type { Work } from "../types";
import { chooseFile } from "../upload";
import { keepSection } from "./keep";
import { heading } from "./parts";
import type { Bench, Panel } from "./panel";

export class Shelf implements Panel {
  readonly name = "shelf";
  readonly title = "The works";
  readonly short = "Works";
  readonly icon = "shelf";
  private readonly list = h("div.stack", { role: "group", "aria-label": "Works" });
  private readonly about = h("div.about");

  constructor(private readonly bench: Bench) {
    for (const topic of ["works", "focus", "hello"] as const) bench.app.on(topic, () => this.show());
    bench.app.on("sentence", () => this.show());
  }

  build(host: HTMLElement): void {
    const { app } = this.bench;
    host.append(this.list, this.about);
    if (app.mayTouch)
      host.append(
        h(
          "div.row",
          {},
          h("button.quiet", { type: "button", onclick: () => void chooseFile(app, this.bench) }, "Put a recording on the shelf"),
        ),
      );
    host.append(...keepSection(app));
    this.show();
  }

  private show(): void {
    const { app } = this.bench;
    this.list.replaceChildren(...app.works.map((w) => this.row(w)));
    const work = app.work();
    const rows: [string, string | undefined][] = work
      ? [
          ["Made by", work.author],
          ["Date", work.date],
          ["Intended", work.intent],
          ["Owns to", work.weakness],
          ["Beats an hour", work.nominal_bph ? plain(work.nominal_bph) : ""],
          ["Lift", work.lift_deg ? `${plain(work.lift_deg, 0)}°` : ""],
        ]
      : [];
    this.about.replaceChildren(
      ...(work
        ? [
            heading(work.title.split(":")[0] ?? ""),
            h("dl", {}, ...rows.filter(([, v]) => v).flatMap(([k, v]) => [h("dt", {}, k), h("dd", {}, v ?? "")])),
          ]
        : []),
    );
  }

  private row(work: Work): HTMLElement {
    const { app } = this.bench;
    const here = work.id === app.focus;
    const may = app.mayJudge;
    const says =
      work.kind === "recording" ? `recording, ${work.status ?? ""}` : work.live ? work.movement_kind : "its engine is starting";
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
