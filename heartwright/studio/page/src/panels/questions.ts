// What the judge said and why, and the right to contest it. The throat is closed while arousal is high: breathe.

import { withFigures } from "../first";
import { h, plain } from "../dom";
import { icon } from "../icons";
import type { Contest, Line, Sentence, Word } from "../types";
import { bar, heading } from "./parts";
import type { Bench, Panel } from "./panel";

export class Questions implements Panel {
  readonly name = "questions";
  readonly title = "What was said, and why";
  readonly short = "Why";
  readonly icon = "questions";
  private readonly said = h("div");
  private readonly contest = h("div");
  private readonly answer = h("p.answer", { role: "status" });

  constructor(private readonly bench: Bench) {
    for (const topic of ["sentence", "focus"] as const) bench.app.on(topic, () => this.show());
    for (const topic of ["dream", "hello"] as const) bench.app.on(topic, () => this.throat());
    bench.app.on("state", () => this.throat());
  }

  build(host: HTMLElement): void {
    host.append(this.said, this.contest, this.answer);
    this.show();
    this.throat();
  }

  private show(): void {
    const said = this.bench.app.sentence();
    if (!said) {
      this.said.replaceChildren(h("p.hint", {}, "Nothing has been said yet. The judge listens for some twenty seconds first."));
      return;
    }
    const own = said.blind || this.bench.app.blind.get(this.bench.app.focus);
    this.said.replaceChildren(
      ...(own ? [heading("You wrote first"), h("blockquote", {}, own)] : []),
      heading("The judge"),
      h(
        "div.lines",
        {},
        ...[said as Line, ...said.more.filter((l) => !said.text.includes(l.text))].map((l) => this.line(l, said)),
      ),
      heading("Three words", "A score from 0 to 1 with its interval; a word holds when its low end is above a half."),
      ...Object.entries(said.words).map(([name, w]) => this.word(name, w)),
      ...(said.causes.length
        ? [
            heading("Likely causes"),
            ...said.causes
              .slice(0, 6)
              .map((c) => bar(c.sound_class.replaceAll("_", " "), c.probability, null, null, `${plain(100 * c.probability)} %`)),
          ]
        : []),
      ...(said.next_measurement ? [heading("What would decide it"), h("p", {}, said.next_measurement)] : []),
      this.report(said),
    );
  }

  private report(said: Sentence): HTMLElement {
    return h(
      "p.after",
      {},
      h(
        "a.link",
        { href: this.bench.app.net.path(`/api/report/${said.work}`), target: "_blank", rel: "noopener" },
        "The whole report",
      ),
    );
  }

  private line(line: Line, said: Sentence): HTMLElement {
    const { sound } = said,
      at = line.evidence_s[0];
    const hear =
      sound && at !== undefined
        ? h(
            "button.link",
            {
              type: "button",
              "aria-label": `Hear it, at ${plain(at, 1)} seconds`,
              onclick: () => void this.bench.app.sound.moment(sound, at),
            },
            icon("play"),
            `${plain(at, 1)} s`,
          )
        : null;
    return h("p.line", {}, ...withFigures(line.text), " ", hear);
  }

  private word(name: string, word: Word): HTMLElement {
    const note = word.score === null ? "not measured" : word.holds ? "holds" : "does not hold";
    return h(
      "div",
      {},
      bar(name, word.score, word.low, word.high, note, word.holds === true),
      word.reason ? h("p.hint", {}, word.reason) : null,
    );
  }

  private throat(): void {
    const { app } = this.bench;
    if (!app.mayTouch) {
      this.contest.replaceChildren();
      return;
    }
    const open = app.dream ? app.dream.throat_open : app.state?.throat_open !== false;
    const known = app.hello?.contests.length
      ? app.hello.contests
      : [{ finding: "beat_error", title: "The beat error is meant", claim: "meant" }];
    const state = `${open}:${known.map((k) => k.finding).join()}`;
    if (this.contest.dataset["shown"] === state) return;
    this.contest.dataset["shown"] = state;
    this.contest.replaceChildren(
      heading("Contest it", "State what is meant; the judge tests it against what was heard."),
      open ? h("div.stack", {}, ...known.map((k) => this.claim(k))) : this.shut(),
    );
  }

  private claim(contest: Contest): HTMLElement {
    const ask = async () => {
      this.answer.textContent = "";
      const done = await this.bench.app.ask("contest", { finding: contest.finding, claim: contest.claim });
      const said = done?.["answer"] ?? done?.["text"] ?? done?.["says"];
      if (typeof said === "string") this.answer.textContent = said;
      else if (done) this.answer.textContent = "The judge has heard it.";
    };
    return h("button.choice", { type: "button", onclick: () => void ask() }, contest.title);
  }

  private shut(): HTMLElement {
    return h(
      "div.stack",
      {},
      h("p", {}, "The throat is closed: nothing can be explained until the pulse slows."),
      h("button.primary", { type: "button", onclick: () => void this.bench.app.ask("breathe") }, "Breathe"),
    );
  }
}
