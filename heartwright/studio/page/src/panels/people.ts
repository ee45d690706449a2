// Who is here, one's own name, and links that let others in as maker, critic or onlooker.

import { h } from "../dom";
import type { Role } from "../types";
import { heading } from "./parts";
import type { Bench, Panel } from "./panel";

const ROLES: readonly { role: Role; title: string; says: string }[] = [
  { role: "maker", title: "Maker", says: "may touch and change everything" },
  { role: "critic", title: "Critic", says: "may judge and speak, and touches nothing" },
  { role: "onlooker", title: "Onlooker", says: "sees and hears" },
];

export class People implements Panel {
  readonly name = "people";
  readonly title = "People";
  readonly short = "People";
  readonly icon = "people";
  private readonly list = h("ul.people");
  private readonly links = h("div.stack");
  private readonly own = h("input", { type: "text", maxLength: 40, placeholder: "your name", autocomplete: "nickname" });

  constructor(private readonly bench: Bench) {
    for (const topic of ["state", "hello"] as const) bench.app.on(topic, () => this.show());
  }

  build(host: HTMLElement): void {
    const { app } = this.bench;
    this.own.value = app.hello?.name ?? "";
    const name = h(
      "form.row",
      {
        onsubmit: (e: Event) => {
          e.preventDefault();
          if (this.own.value.trim()) void app.ask("name", { name: this.own.value.trim() });
        },
      },
      h("label.field.grow", {}, h("span", {}, "Your name"), this.own),
      h("button.quiet", { type: "submit" }, "Keep"),
    );
    host.append(h("p.motto", {}, "I am dreaming. You are dreaming."), this.list, name);
    if (app.mayTouch) {
      host.append(
        heading("Let somebody in", "Each link is good for one role; whoever has it, has the role."),
        ...ROLES.map((r) => this.invitation(r)),
        this.links,
      );
    }
    this.show();
  }

  private show(): void {
    const people = this.bench.app.state?.people ?? this.bench.app.hello?.people ?? [];
    this.list.replaceChildren(...people.map((p) => h("li", {}, h("span", {}, p.name || "somebody"), h("em", {}, p.role))));
  }

  private invitation(r: (typeof ROLES)[number]): HTMLElement {
    const ask = async () => {
      const answer = await this.bench.app.ask("invite", { role: r.role });
      const url = answer?.["url"];
      if (typeof url !== "string") return;
      const whole = new URL(url, location.origin).href;
      const field = h("input", {
        type: "text",
        readOnly: true,
        value: whole,
        "aria-label": `Link for a ${r.role}`,
        onfocus: () => field.select(),
      });
      const copy = h(
        "button.quiet",
        {
          type: "button",
          onclick: () =>
            void navigator.clipboard?.writeText(whole).then(
              () => this.bench.app.note("The link is copied.", "good"),
              () => field.select(),
            ),
        },
        "Copy",
      );
      this.links.replaceChildren(h("div.row", {}, field, copy));
    };
    return h(
      "button.choice",
      { type: "button", "data-invite": r.role, onclick: () => void ask() },
      h("b", {}, r.title),
      h("span.hint", {}, r.says),
    );
  }
}
