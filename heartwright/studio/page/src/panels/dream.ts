// The door to the dream, and the overlay while it lasts: what is said, the words that hang, the gaze, what can be done, the ending.

import { byId, h, plain } from "../dom";
import type { App } from "../app";
import type { Dream, DreamLine, Ending, Named } from "../types";
import { withFigures } from "../first";
import { download } from "./keep";
import { wordFor } from "./strokes";
import { heading } from "./parts";
import type { Bench, Panel } from "./panel";

const CHOICES: Record<string, string> = {
  breathe: "Breathe",
  rehearse: "Rehearse",
  touch: "Touch it",
  contest: "Explain",
  wait: "Wait",
  leave: "Leave",
};
const SHOWN_LINES = 3;

export class DreamPanel implements Panel {
  readonly name = "dream";
  readonly title = "The dream";
  readonly short = "Dream";
  readonly icon = "dream";
  readonly allowed = () => this.bench.app.mayTouch;
  private readonly seed = h("input", {
    type: "number",
    min: "0",
    max: "999999",
    step: "1",
    value: String(1 + Math.floor(Math.random() * 9998)),
    "aria-label": "Seed",
  });
  private readonly scenario = h("select", { "aria-label": "Scenario" });
  private readonly critic = h("select", { "aria-label": "Critic" });

  constructor(private readonly bench: Bench) {}

  build(host: HTMLElement): void {
    const { hello } = this.bench.app;
    this.scenario.replaceChildren(...(hello?.scenarios ?? []).map((s) => h("option", { value: s.name }, s.title)));
    this.critic.replaceChildren(
      h("option", { value: "" }, "as the scenario has it"),
      ...(hello?.critics ?? []).map((c) => h("option", { value: c.name }, c.title)),
    );
    host.append(
      h("p.motto", {}, "Some five minutes. A presence comes and judges; what the heart then does is physics."),
      h(
        "p",
        {},
        "You can breathe, rehearse, touch, explain, or leave it alone. The hand trembles under the gaze; breathing steadies it.",
      ),
      h("label.field", {}, h("span", {}, "Scenario"), this.scenario),
      h("label.field", {}, h("span", {}, "Critic"), this.critic),
      h("label.field", {}, h("span", {}, "Seed: the same seed and the same deeds dream the same dream"), this.seed),
      h(
        "div.row",
        {},
        h("button.primary", { type: "button", id: "begin-dream", onclick: () => void this.begin() }, "Close the eyes"),
      ),
      heading(
        "What is set and what is not",
        "A scenario may set the critic, the gaze, the tilt, the cold and the light. It sets nothing inside a work.",
      ),
    );
  }

  private async begin(): Promise<void> {
    const done = await this.bench.app.ask("dream", {
      scenario: this.scenario.value,
      seed: Math.max(0, Math.round(this.seed.valueAsNumber || 1)),
      critic: this.critic.value,
    });
    if (done) this.bench.close();
  }
}

export class DreamOverlay {
  private readonly host = byId("dream");
  private readonly app: App;
  private readonly lines = h("div.spoken", { "aria-live": "polite" });
  private readonly hanging = h("div.hanging", { "aria-hidden": "true" });
  private readonly senses = h("p.senses");
  private readonly gaze = h("p.gaze", { role: "status" });
  private readonly pulse = h("div.arousal");
  private readonly choices = h("div.choices", { role: "group", "aria-label": "What to do" });
  private readonly card = h("div.ending-place");
  private said = 0;
  private shownChoices = "";
  private ended = false;
  private woken = false;

  constructor(private readonly bench: Bench) {
    this.app = bench.app;
    this.host.append(
      this.hanging,
      h("div.upper", {}, this.gaze, this.pulse),
      h("div.lower", {}, this.senses, this.lines, this.choices),
      this.card,
    );
    this.app.on("dream", (d) => this.show(d));
  }

  private show(d: Dream | null): void {
    if (!d || (d.phase === "" && !d.ending)) {
      this.leave();
      return;
    }
    if (d.ending && this.woken) return;
    this.woken = false;
    if (d.lines.length < this.said || (this.ended && !d.ending)) this.reset();
    this.host.hidden = false;
    document.documentElement.classList.add("dreaming");
    this.host.dataset["phase"] = d.phase;
    this.speak(d.lines);
    this.hang(d);
    this.air(d);
    this.offer(d);
    this.host.classList.toggle("ended", !!d.ending);
    if (d.ending && !this.ended) this.end(d.ending);
  }

  private speak(lines: DreamLine[]): void {
    for (const line of lines.slice(this.said)) if (line.spoken) this.app.sound.say(line.text);
    if (lines.length !== this.said) {
      const shown = lines.slice(-SHOWN_LINES);
      const named = (i: number): boolean => !!shown[i]?.who && shown[i].who !== "room" && shown[i].who !== shown[i - 1]?.who;
      this.lines.replaceChildren(
        ...shown.map((l, i) => h("p", { "data-who": l.who }, named(i) ? h("span.who", {}, l.who) : null, ...withFigures(l.text))),
      );
    }
    this.said = lines.length;
  }

  /** The words hang in the air; their size and light follow their scores. The room draws them itself; this is for a page without one. */
  private hang(d: Dream): void {
    this.hanging.replaceChildren(
      ...d.words.map((w, i) => {
        const word = h("span", { "data-at": String(i % 5) }, w.name);
        const score = Math.max(0, Math.min(1, w.score));
        word.style.setProperty("--score", String(score));
        return word;
      }),
    );
  }

  private air(d: Dream): void {
    const work = d.gaze.work === null ? undefined : this.app.work(d.gaze.work);
    const who = d.critic.name || "The presence";
    this.gaze.textContent = d.ending
      ? ""
      : work
        ? `${who} looks at ${(work.title.split(":")[0] ?? "").replace(/^The /, "the ")}.`
        : d.critic.name && d.critic.visible !== false
          ? `${who} is in the room.`
          : "";
    const level = h("i");
    level.style.width = `${100 * Math.max(0, Math.min(1, d.arousal))}%`;
    this.pulse.replaceChildren(
      h("span", {}, d.throat_open ? "pulse" : "pulse: the throat is closed"),
      h(
        "div.rail",
        {
          role: "meter",
          "aria-label": "Arousal",
          "aria-valuenow": plain(100 * d.arousal),
          "aria-valuemin": "0",
          "aria-valuemax": "100",
        },
        level,
      ),
    );
    this.pulse.classList.toggle("high", !d.throat_open);
    this.senses.textContent = Object.values(d.senses ?? {})
      .filter(Boolean)
      .join(" ");
  }

  private offer(d: Dream): void {
    const list = d.ending ? [] : d.choices;
    const key = JSON.stringify([list, d.throat_open, this.app.mayTouch]);
    if (key === this.shownChoices) return;
    this.shownChoices = key;
    this.choices.replaceChildren(...(this.app.mayTouch ? list.map((c) => this.choice(c, d)) : []));
  }

  private choice(c: Named, d: Dream): HTMLElement {
    const shut = c.name === "contest" && !d.throat_open;
    const title = CHOICES[c.name] ?? c.title;
    return h(
      "button.choice",
      {
        type: "button",
        "data-act": c.name,
        "aria-disabled": String(shut),
        title: shut ? "Not while the throat is closed: breathe first" : c.says,
        onclick: () => void this.act(c.name),
      },
      title,
    );
  }

  private async act(name: string): Promise<void> {
    if (name === "rehearse" || name === "touch") this.bench.open("touch");
    else if (name === "contest") {
      this.bench.open("questions");
    } else await this.app.ask("act", { name });
  }

  private end(ending: Ending): void {
    this.ended = true;
    const keep = () =>
      download(new Blob([JSON.stringify(ending.record ?? {}, null, 1)], { type: "application/json" }), "dream.json");
    const composure =
      ending.composure === null || ending.composure === undefined
        ? null
        : h("p", {}, "Your composure at the end: ", h("b", {}, `${plain(100 * ending.composure)} of 100`));
    this.card.replaceChildren(
      h(
        "div.card.ending",
        { role: "dialog", "aria-label": "The ending" },
        h("p.hint", {}, "It ends"),
        h("h2", {}, ending.name.replaceAll("_", " ")),
        h("p", {}, ending.text),
        composure,
        ending.better ? h("p.hint", {}, `What would have been better: ${ending.better}`) : null,
        stretches(ending),
        h(
          "div.row",
          {},
          h("button.primary", { type: "button", id: "wake", onclick: () => this.wake() }, "Wake"),
          h("button.quiet", { type: "button", id: "keep-record", onclick: keep }, "Keep the record"),
        ),
      ),
    );
    this.card.querySelector<HTMLButtonElement>("#wake")?.focus();
  }

  private wake(): void {
    this.woken = true;
    if (this.app.mayTouch) void this.app.ask("act", { name: "wake" });
    this.reset();
    this.leave();
  }

  private reset(): void {
    this.said = 0;
    this.ended = false;
    this.shownChoices = "";
    this.card.replaceChildren();
  }

  private leave(): void {
    this.host.hidden = true;
    document.documentElement.classList.remove("dreaming");
    if (this.app.dream) {
      this.app.dream = null;
      this.app.tell("state", this.app.state!);
    }
  }
}

/** The heart's figures before anyone looked, before the hand touched, and at the end: what the ending was decided by. */
function stretches(ending: Ending): HTMLElement | null {
  const { first, low, last } = ending.figures ?? {};
  if (!first || !last) return null;
  const cell = (x: number | undefined) =>
    h("td", {}, x === undefined || !Number.isFinite(x) ? "–" : plain(x, Math.abs(x) < 1 ? 2 : 1));
  const rows = Object.keys(last).map((k) => h("tr", {}, h("th", {}, wordFor(k)), cell(first[k]), cell(low?.[k]), cell(last[k])));
  const head = h("tr", {}, h("th"), ...["before", "before a touch", "at the end"].map((x) => h("th", {}, x)));
  return h("details.numbers", {}, h("summary", {}, "What decided it"), h("table", {}, head, ...rows));
}
