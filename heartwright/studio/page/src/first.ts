// The first sentence: one line in plain words, its moment to play, four doors, and an own judgement written before it is shown.

import type { App } from "./app";
import { byId, h, plain } from "./dom";
import { icon } from "./icons";
import type { Bench } from "./panels/panel";
import { inShort } from "./panels/deeds";
import type { Sentence, Work } from "./types";
import { chooseFile } from "./upload";

const FIGURE =
  /(?<![\p{L}\d.])[+−-]?\d[\d,]*(?:\.\d+)?(?:\s?(?:%|°|ms|s\/d|s a day|seconds|s|dB|degrees|deg|bph|mm|µm|um|cm³|Pa|N)(?![\p{L}\d]))?/gu;

/** The sentence with its figures set apart. */
export function withFigures(text: string): (Node | string)[] {
  const out: (Node | string)[] = [];
  let from = 0;
  for (const hit of text.matchAll(FIGURE)) {
    out.push(text.slice(from, hit.index), h("span.figure", {}, hit[0].replace(/^-/, "−").replace(/ /g, "\u00a0")));
    from = hit.index + hit[0].length;
  }
  return [...out, text.slice(from)];
}

export class First {
  private readonly host = byId("first");
  private readonly line = byId("sentence");
  private readonly under = h("div.under");
  private readonly doors = h("div.doors");
  private readonly own = h("p.own");
  private writing: HTMLFormElement | null = null;
  private heard = "";

  constructor(
    private readonly app: App,
    private readonly bench: Bench,
  ) {
    this.host.append(this.own, this.under, this.doors);
    for (const topic of ["sentence", "focus", "hello", "blind", "link", "works"] as const) app.on(topic, () => this.show());
    app.on("figures", (m) => {
      if (m.work === app.focus && this.standing && !this.writing) this.line.replaceChildren(this.waiting());
    });
    app.on("heard", (m) => {
      if (m.work === app.focus) {
        this.heard = m.what;
        this.show();
      }
    });
  }

  /** Play the moment that shows what the sentence says. */
  async moment(said = this.app.sentence()): Promise<void> {
    if (!said?.sound) {
      this.app.note("There is no clip of this moment.");
      return;
    }
    try {
      await this.app.sound.moment(said.sound, said.evidence_s[0] ?? 0);
    } catch (error) {
      this.app.note(`The moment could not be played: ${error instanceof Error ? error.message : String(error)}`, "refused");
    }
  }

  private show(): void {
    const said = this.app.sentence();
    this.host.classList.toggle("veiled", this.writing !== null);
    if (this.writing) return;
    this.line.classList.toggle("waiting", !said && !this.standing);
    this.line.replaceChildren(...(said ? [this.sayable(said)] : [this.waiting()]));
    const own = said?.blind || this.app.blind.get(this.app.focus) || "";
    this.own.replaceChildren(...(own && said ? ["You wrote first: ", h("q", {}, own)] : []));
    this.under.replaceChildren(...this.links(said));
    this.doors.replaceChildren(...this.four());
  }

  /** The work in focus where it is one that stands on a shelf: nothing is judged of it. */
  private get standing(): Work | null {
    const work = this.app.work();
    return work?.kind === "standing" ? work : null;
  }

  private waiting(): string {
    if (!this.app.hello) return "The room is waking.";
    const work = this.app.work();
    if (this.standing) return inShort(this.standing, this.app.figures.get(this.app.focus));
    if (this.heard) return `${this.heard.charAt(0).toUpperCase()}${this.heard.slice(1)}.`.replace("..", ".");
    return work?.kind === "recording" ? "Listening to the recording." : "Listening to the beat.";
  }

  private sayable(said: Sentence): HTMLElement {
    if (!said.sound) return h("span", {}, ...withFigures(said.text));
    return h(
      "button.said",
      { type: "button", title: "Play the moment that shows it", onclick: () => void this.moment(said) },
      ...withFigures(said.text),
    );
  }

  private links(said: Sentence | undefined): HTMLElement[] {
    const out: HTMLElement[] = [];
    if (this.standing) {
      if (!this.app.mayTouch) out.push(h("button.link", { type: "button", onclick: () => this.bench.open("shelf") }, "More of it"));
      if (this.app.mayJudge && !this.app.mayTouch)
        out.push(h("button.link", { type: "button", onclick: () => void this.toTheHeart() }, "Back to the heart"));
      return out;
    }
    if (said?.sound) {
      const at = said.evidence_s[0];
      out.push(
        h(
          "button.link",
          { type: "button", onclick: () => void this.moment(said) },
          icon("play"),
          at === undefined ? "Hear it" : `Hear it, at ${plain(at, 1)} s`,
        ),
      );
    }
    if (said) out.push(h("button.link", { type: "button", onclick: () => this.bench.open("questions") }, "Why?"));
    if (said?.changed_since) out.push(h("span.hint", {}, "It was changed since; it is being heard again."));
    if (said && this.app.mayJudge)
      out.push(h("button.link", { type: "button", onclick: () => void this.again() }, "Listen again"));
    if (this.app.hello) out.push(h("button.link", { type: "button", onclick: () => this.write() }, "Judge first"));
    return out;
  }

  private four(): HTMLElement[] {
    if (!this.app.mayTouch) return [];
    const door = (id: string, title: string, act: () => void) => h("button.door", { type: "button", id, onclick: act }, title);
    const brought = [
      door("door-watch", "Listen to your watch", () => {
        this.bench.open("watch");
        document.getElementById("listen-watch")?.focus();
      }),
      door("door-drop", this.standing ? "Drop a file" : "Drop your recording", () => void chooseFile(this.app, this.bench)),
    ];
    if (this.standing)
      return [
        door("door-deeds", "Do something to it", () => this.bench.open("shelf")),
        door("door-heart", "Back to the heart", () => void this.toTheHeart()),
        ...brought.slice(1),
      ];
    return [
      door("door-touch", "Touch now", () => {
        this.bench.open("touch");
        document.getElementById("touch-now")?.focus();
      }),
      door("door-rehearse", "Rehearse", () => {
        this.bench.open("touch");
        document.getElementById("rehearse-now")?.focus();
      }),
      ...brought,
    ];
  }

  private toTheHeart(): Promise<unknown> {
    return this.app.ask("focus", { work: this.app.works[0]?.id ?? 0 });
  }

  private async again(): Promise<void> {
    this.heard = "";
    const done = await this.app.ask("verdict", { work: this.app.focus });
    if (done) this.app.note("Listening again; the sentence changes when it is heard.");
  }

  /** Blind first listen: the sentence steps back until the own one is written. */
  private write(): void {
    const words = h("textarea", {
      rows: 2,
      maxLength: 500,
      placeholder: "Even or limping? Strong or tired? What would you look at?",
      "aria-label": "Your own judgement, before the verdict is shown",
    });
    const leave = () => {
      this.writing = null;
      this.show();
    };
    const form = h(
      "form.blind",
      {
        onsubmit: (event: Event) => {
          event.preventDefault();
          const text = words.value.trim();
          if (!text) return;
          this.writing = null;
          this.app.setBlind(text);
          void this.app
            .ask("blind", { text })
            .then(() => (this.app.mayJudge ? this.app.ask("verdict", { work: this.app.focus }) : null));
        },
      },
      words,
      h(
        "div.row",
        {},
        h("button.primary", { type: "submit" }, "Keep it, then show the verdict"),
        h("button.quiet", { type: "button", onclick: leave }, "Leave it"),
      ),
    );
    this.writing = form;
    this.line.classList.add("waiting");
    this.line.replaceChildren("Listen. What do you hear?");
    this.own.replaceChildren();
    this.under.replaceChildren(form);
    this.doors.replaceChildren();
    words.focus();
  }
}
