// Time: how fast the work runs, halt, one beat; and one beat taken out, to be gone through at a hundredth of its speed.

import { h, plain, scaled } from "../dom";
import { icon } from "../icons";
import type { BeatRecord } from "../room/types";
import { heading } from "./parts";
import type { Bench, Panel } from "./panel";

const SLOW = 0.01;
const BEFORE_S = 0.006,
  AFTER_S = 0.006; // shown round the contacts; the free arcs of the balance are left out
const ROW_PX = 15;
const LIT_S = 0.0006; // a contact stays named this long of the work's time
const FASTEST = 20,
  SLOWEST = 0.01;

export class Time implements Panel {
  readonly name = "time";
  readonly title = "Time";
  readonly short = "Time";
  readonly icon = "time";
  beat: BeatRecord | null = null;
  at = 0;
  private from = 0;
  private until = 0;
  private playing = false;
  private last = 0;
  private readonly speed = h("input", { type: "range", min: "0", max: "1", step: "0.005", "aria-label": "Speed" });
  private readonly speedShown = h("output");
  private readonly halt = h("button.quiet", { type: "button", id: "halt" });
  private readonly taking = h(
    "div.row",
    {},
    h("button.primary", { type: "button", id: "take-beat", onclick: () => void this.take() }, "Take a beat"),
  );
  private readonly place = h("div.scrubbing");
  private readonly scrub = h("input", {
    type: "range",
    min: "0",
    step: "any",
    "aria-label": "Moment within the beat",
    id: "scrub",
  });
  private readonly now = h("p.now", { "aria-live": "off" });
  private readonly lane = h("div.lane");
  private readonly cursor = h("i.cursor");
  private readonly list = h("ol.contacts");
  private readonly playButton = h("button.primary", { type: "button", id: "play-beat" });

  constructor(private readonly bench: Bench) {
    bench.app.on("state", () => this.show());
    bench.app.on("focus", () => this.leave());
  }

  build(host: HTMLElement): void {
    const { app } = this.bench;
    const may = app.mayTouch;
    this.speed.oninput = () => {
      this.speedShown.textContent = times(this.speedValue());
    };
    this.speed.onchange = () => void app.ask("speed", { value: this.speedValue() });
    this.halt.onclick = () => void app.ask(app.state?.halted ? "go" : "halt");
    const one = h(
      "button.quiet",
      { type: "button", id: "one-beat", onclick: () => void app.ask("beat") },
      icon("one"),
      "One beat",
    );
    for (const control of [this.speed, this.halt, one]) control.disabled = !may;
    host.append(
      h("label.slider", {}, h("span", {}, "Speed"), this.speedShown, this.speed),
      h("div.row", {}, this.halt, one),
      heading(
        "One beat, taken out",
        "A single beat with all its contacts, to be gone through by hand or at a hundredth of its speed.",
      ),
      this.taking,
      this.place,
    );
    this.place.hidden = true;
    this.playButton.onclick = () => this.toggle();
    this.scrub.oninput = () => {
      this.stop();
      this.go(this.scrub.valueAsNumber);
    };
    this.lane.append(this.cursor);
    this.place.append(
      h("div.row", {}, this.playButton, h("button.quiet", { type: "button", onclick: () => this.leave() }, "Put it back")),
      this.lane,
      this.scrub,
      this.now,
      this.list,
    );
    this.show();
  }

  closed(): void {
    this.leave();
  }

  private speedValue(): number {
    return SLOWEST * (FASTEST / SLOWEST) ** this.speed.valueAsNumber;
  }

  private show(): void {
    const s = this.bench.app.state;
    if (!s) return;
    if (document.activeElement !== this.speed && s.speed > 0) {
      this.speed.valueAsNumber = Math.log(s.speed / SLOWEST) / Math.log(FASTEST / SLOWEST);
      this.speedShown.textContent = times(s.speed);
    }
    this.halt.replaceChildren(icon(s.halted ? "play" : "halt"), s.halted ? "Go on" : "Halt");
  }

  private async take(): Promise<void> {
    const { app } = this.bench;
    const button = document.getElementById("take-beat") as HTMLButtonElement | null;
    if (button) button.disabled = true;
    try {
      this.beat = await app.net.get<BeatRecord>(`/api/beat/${app.focus}`, { speed: String(SLOW) });
    } catch (error) {
      app.note(error instanceof Error ? error.message : String(error), "refused");
      return;
    } finally {
      if (button) button.disabled = false;
    }
    this.place.hidden = false;
    this.taking.hidden = true;
    const times = [...this.beat.contacts, ...this.beat.landmarks].map((c) => c.t - this.beat!.t0);
    const whole = (this.beat.angles.length - 1) * this.beat.dt;
    this.from = times.length ? Math.max(0, Math.min(...times) - BEFORE_S) : 0;
    this.until = times.length ? Math.min(whole, Math.max(...times) + AFTER_S) : whole;
    this.scrub.min = String(this.from);
    this.scrub.max = String(this.until);
    this.draw();
    this.go(this.from);
    this.bench.stage.look(app.focus, "escapement");
    this.toggle();
  }

  private share(t: number): number {
    return (t - this.from) / (this.until - this.from || 1);
  }

  private draw(): void {
    const beat = this.beat!;
    const x = (t: number) => `${100 * this.share(t - beat.t0)}%`;
    const width = this.lane.clientWidth || 360;
    const ends: number[] = [];
    const marks = beat.landmarks.map((l) => {
      const half = 4 + 3.4 * l.name.length,
        middle = width * this.share(l.t - beat.t0);
      const row = ends.findIndex((end) => end < middle - half),
        at = row < 0 ? ends.length : row;
      ends[at] = middle + half;
      const m = h("span.landmark", {}, l.name);
      m.style.left = x(l.t);
      m.style.top = `${2 + ROW_PX * at}px`;
      return m;
    });
    const dots = beat.contacts.map((c) => {
      const d = h("i.hit");
      d.style.left = x(c.t);
      d.style.height = `${6 + 26 * Math.min(1, Math.sqrt(c.impulse_ns / (this.strongest() || 1)))}px`;
      return d;
    });
    this.lane.replaceChildren(...dots, ...marks, this.cursor);
    this.list.replaceChildren(
      ...beat.contacts.slice(0, 60).map((c) =>
        h(
          "li",
          {},
          h(
            "button.link",
            {
              type: "button",
              onclick: () => {
                this.stop();
                this.go(c.t - beat.t0);
              },
            },
            h("span.t", {}, `${plain(1000 * (c.t - beat.t0 - this.from), 2)} ms`),
            h("span", {}, `${c.pair}${/stone|pallet|face/.test(c.pair) ? `, tooth ${c.tooth + 1}` : ""}`),
            h("span.t", {}, scaled(c.impulse_ns, "N s")),
          ),
        ),
      ),
    );
  }

  private strongest(): number {
    return Math.max(0, ...(this.beat?.contacts ?? []).map((c) => c.impulse_ns));
  }

  private go(t: number): void {
    const beat = this.beat;
    if (!beat) return;
    this.at = Math.max(this.from, Math.min(this.until, t));
    const time = beat.t0 + this.at;
    this.bench.app.room?.scrub(beat, time);
    this.scrub.value = String(this.at);
    this.cursor.style.left = `${100 * this.share(this.at)}%`;
    const passed = beat.landmarks.filter((l) => l.t <= time).at(-1);
    this.now.textContent = `${plain(1000 * (this.at - this.from), 2)} ms${passed ? ` · ${passed.name}` : ""}`;
    let lit: Element | null = null;
    [...this.list.children].forEach((li, i) => {
      const on = Math.abs((beat.contacts[i]?.t ?? -1) - time) < LIT_S;
      li.classList.toggle("lit", on);
      if (on) lit = li;
    });
    if (lit && this.playing) this.list.scrollTop = (lit as HTMLElement).offsetTop - this.list.offsetTop - 80;
  }

  private toggle(): void {
    this.playing = !this.playing;
    this.playButton.replaceChildren(icon(this.playing ? "halt" : "play"), this.playing ? "Hold" : "Play at 1/100");
    if (!this.playing) return;
    if (this.at >= this.until - 1e-6) this.go(this.from);
    this.last = performance.now();
    requestAnimationFrame((t) => this.step(t));
  }

  private stop(): void {
    if (this.playing) this.toggle();
  }

  private step(t: number): void {
    if (!this.playing || !this.beat) return;
    const next = this.at + SLOW * Math.max(0, Math.min(0.1, (t - this.last) / 1000));
    this.last = t;
    this.go(next);
    if (this.at >= this.until - 1e-6) this.stop();
    else requestAnimationFrame((x) => this.step(x));
  }

  /** Give the room back to the live work. */
  private leave(): void {
    if (!this.beat) return;
    this.stop();
    this.beat = null;
    this.place.hidden = true;
    this.taking.hidden = false;
    this.bench.app.room?.scrub(null);
    this.bench.stage.look(this.bench.app.focus);
  }
}

function times(x: number): string {
  return `× ${x >= 9.95 ? plain(x) : x >= 0.995 ? plain(x, 1) : plain(x, 2)}`;
}
