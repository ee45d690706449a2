// Listen to your watch: its microphone, what the browser gave, figures with intervals, the trace, what spoils it, the take.

import type { App } from "../app";
import { h, plain, spread } from "../dom";
import { icon } from "../icons";
import { insecure, type Trouble } from "../microphone";
import type { Interval, MicLevel, MicReading, Processing } from "../types";
import type { Bench, Panel } from "./panel";
import { Paper } from "./paper";
import { COLOURS } from "./plots";
import { ToldForm } from "./told";

const FLOOR_DB = -90;
const SPOKEN_S = 10; // between words for a screen reader
const PROCESSING: readonly Processing[] = ["echo cancellation", "noise suppression", "automatic gain"];

export class Watch implements Panel {
  readonly name = "watch";
  readonly title = "Listen to your watch";
  readonly short = "Watch";
  readonly icon = "microphone";
  readonly paper = new Paper();
  private readonly app: App;
  private readonly form: ToldForm;
  private readonly devices = h("select", { id: "device", "aria-label": "Microphone" });
  private readonly start = h("button.primary", { type: "button", id: "listen-watch" }, icon("microphone"), "Listen");
  private readonly before = h("div.stack.before");
  private readonly standing = h("p.standing", { id: "ear-standing" });
  private readonly spoken = h("p.unseen", { role: "status", "aria-live": "polite" });
  private readonly numbers = h("div.numerals");
  private readonly meter = h("div.meter", { role: "meter", "aria-label": "Level", "aria-valuemin": String(FLOOR_DB), "aria-valuemax": "0" });
  private readonly fill = h("i.fill");
  private readonly peak = h("i.peak");
  private readonly levelText = h("span.note", {}, "no sound yet");
  private readonly troubles = h("ul.troubles", { "aria-label": "What spoils the sound" });
  private readonly given = h("p.hint", { id: "given" });
  private readonly during = h("div.stack.during");
  private readonly title_ = h("input", { type: "text", maxLength: 200, placeholder: "a name for the shelf", autocomplete: "off", "aria-label": "Name of the take" });
  private readonly ends = h("div.row");
  private readonly after = h("p.hint", { role: "status", id: "kept" });
  private spokenAt = 0;
  private said = "";
  private isOpen = false;

  constructor(bench: Bench) {
    this.app = bench.app;
    this.form = new ToldForm(this.app, () => this.tellAnew());
    this.start.onclick = () => void this.app.microphone.start(this.devices.value, this.form.told());
    for (const topic of ["own", "microphone", "hello", "link"] as const) this.app.on(topic, () => this.show());
    this.app.on("level", (m) => this.level(m));
  }

  build(host: HTMLElement): void {
    const key = h(
      "p.key",
      { "aria-hidden": "true" },
      h("span", {}, swatch(COLOURS.brass, false), "tick"),
      h("span", {}, swatch(COLOURS.steel, true), "tock"),
    );
    this.meter.append(this.fill, this.peak);
    this.before.append(
      h("p.hint", {}, "Hold the microphone to the crown or against the back of the case, in a quiet room. A contact microphone hears best; a phone's own will do."),
      h("label.field", {}, h("span", {}, "Microphone"), this.devices),
      this.form.node,
      h("div.row", {}, this.start),
    );
    this.ends.append(
      this.title_,
      h("button.primary", { type: "button", id: "keep-take", onclick: () => void this.stop(true) }, "Stop, keep it"),
      h("button.quiet", { type: "button", id: "leave-take", onclick: () => void this.stop(false) }, "Stop, leave it"),
    );
    this.during.append(
      this.standing,
      this.spoken,
      this.numbers,
      h("div.levels", {}, h("span.note", {}, "level"), this.meter, this.levelText),
      h("section.instrument", {}, h("div.heading", {}, h("h3", {}, "Trace: early is up, ms"), key), this.paper.node),
    );
    host.append(this.troubles, this.during, this.ends, this.given, this.after, this.before);
    this.show();
  }

  opened(): void {
    this.isOpen = true;
    void this.form.open();
    void this.app.microphone.list();
    requestAnimationFrame(() => this.show());
  }
  closed(): void {
    this.isOpen = false;
    document.documentElement.classList.remove("ear-open");
  }

  /** What is heard here: this page's own microphone, else one that is open on the bench. */
  reading(): MicReading | null {
    const { microphone, microphones } = this.app;
    return microphones.get(microphone.mic) ?? (microphone.on ? null : ([...microphones.values()].at(-1) ?? null));
  }

  private show(): void {
    if (!this.isOpen) return;
    const { app } = this;
    const mic = app.microphone,
      reading = this.reading(),
      own = mic.on || mic.state === "stopping";
    this.during.hidden = !own && !reading;
    document.documentElement.classList.toggle("ear-open", this.isOpen && (own || !!reading));
    this.ends.hidden = !own;
    this.before.hidden = !app.mayTouch || mic.state === "stopping";
    this.before.classList.toggle("running", own);
    this.start.hidden = own;
    this.start.disabled = mic.state !== "shut" || insecure() !== null;
    this.start.lastChild!.textContent = { asking: "The browser asks you", opening: "Opening" }[mic.state as string] ?? "Listen";
    this.showDevices();
    this.showTroubles(reading, own);
    this.showGiven();
    this.showStanding(reading);
    this.numbers.replaceChildren(
      figure("rate", reading?.rate_s_per_day ?? null, "s a day", 1, true, repeat(reading)),
      figure("beat error", reading?.beat_error_ms ?? null, "ms", 3),
      figure("amplitude", reading?.amplitude_deg ?? null, "degrees", 0),
    );
    this.paper.set(reading);
    this.after.replaceChildren(...this.whatBecame());
  }

  private showDevices(): void {
    const { devices } = this.app.microphone;
    const chosen = this.devices.value;
    this.devices.disabled = this.app.microphone.state !== "shut";
    const named = devices.filter((d) => d.deviceId);
    const text = (d: MediaDeviceInfo, i: number) => d.label || `microphone ${i + 1} (named once you allow it)`;
    const options = [
      h("option", { value: "" }, "The one the browser proposes"),
      ...named.map((d, i) => h("option", { value: d.deviceId }, text(d, i))),
    ];
    if (options.map((o) => o.textContent).join() === [...this.devices.options].map((o) => o.textContent).join()) return;
    this.devices.replaceChildren(...options);
    this.devices.value = named.some((d) => d.deviceId === chosen) ? chosen : "";
  }

  private showTroubles(reading: MicReading | null, own: boolean): void {
    const here = this.app.mayTouch ? (this.app.microphone.trouble ?? insecure()) : null;
    const said = [...(here ? [sentence(here)] : []), ...(reading && !reading.over ? reading.troubles.map(capital) : [])];
    if (own && !this.app.microphone.linked && this.app.microphone.state === "open")
      said.unshift("The line to the bench is broken. It comes back by itself; the last half minute is kept here meanwhile.");
    const text = said.join("|");
    if (this.troubles.dataset["text"] === text) return;
    this.troubles.dataset["text"] = text;
    this.troubles.replaceChildren(...said.map((t) => h("li", {}, icon("warning"), h("span", {}, t))));
    this.troubles.hidden = !said.length;
    if (said.length) this.speak(said[0] ?? "", true);
  }

  private showGiven(): void {
    const { given } = this.app.microphone;
    if (!given || !this.app.microphone.on) {
      this.given.textContent = "";
      return;
    }
    const state = (p: Processing) => `${p} ${given.kept.includes(p) ? "on, and not to be switched off" : given.unsaid.includes(p) ? "not told by the browser" : "off"}`;
    this.given.textContent = `${given.device}: ${plain(given.rate_hz)} samples a second, ${given.channels === 1 || given.channels === null ? "mono" : `${given.channels} channels, heard as one`}; ${PROCESSING.map(state).join(", ")}.`;
  }

  private showStanding(reading: MicReading | null): void {
    const { kind, text } = standingOf(reading, this.app.microphone.mic);
    const shown = `${kind}|${text}`;
    if (this.standing.dataset["text"] !== shown) {
      this.standing.dataset["text"] = shown;
      this.standing.dataset["kind"] = kind;
      const sign = { settled: "✓", unsettled: "…", waiting: "…", silent: "!" }[kind] ?? "";
      this.standing.replaceChildren(h("b", { "aria-hidden": "true" }, sign), h("span", {}, text));
    }
    this.speak(inWords(reading), reading?.settled === true && !this.said.includes("settled"));
  }

  /** For who does not see it: at once when something new is the case, else every ten seconds. */
  private speak(text: string, now: boolean): void {
    const at = performance.now() / 1000;
    if (!text || text === this.said || (!now && at - this.spokenAt < SPOKEN_S)) return;
    this.said = text;
    this.spokenAt = at;
    this.spoken.textContent = text;
  }

  private level(m: MicLevel): void {
    if (!this.isOpen || m.mic !== this.reading()?.mic) return;
    const at = (db: number) => `${Math.max(0, Math.min(100, 100 * (1 - db / FLOOR_DB)))}%`;
    this.fill.style.width = at(m.rms_db);
    this.peak.style.left = at(m.peak_db);
    this.meter.classList.toggle("clipped", m.clipped > 0);
    this.meter.setAttribute("aria-valuenow", String(Math.round(Math.max(FLOOR_DB, m.peak_db))));
    this.levelText.textContent = m.clipped ? "clipped" : m.peak_db <= -120 ? "silence" : `${plain(m.peak_db)} dB`;
    this.paper.draw();
  }

  private tellAnew(): void {
    const { microphone } = this.app;
    if (microphone.on) void this.app.ask("told", { mic: microphone.mic, ...this.form.told() });
  }

  private async stop(keep: boolean): Promise<void> {
    const work = await this.app.microphone.stop(keep, this.title_.value.trim());
    if (work === null) return;
    this.title_.value = "";
    void this.app.ask("focus", { work });
    this.start.focus();
  }

  private whatBecame(): (Node | string)[] {
    const work = this.app.microphone.kept;
    if (work === null || this.app.microphone.on) return [];
    const save = (path: string, name: string) => h("a.link", { href: this.app.net.path(path), download: "" }, name);
    return [
      "The take is on the shelf and is being judged; the sentence comes on the bench. Save it as ",
      save(`/api/recordings/${work}/original`, "FLAC, 24 bits"),
      " or, once judged, as ",
      save(`/api/recordings/${work}/sound.wav`, "WAV, 16 bits"),
      ".",
    ];
  }
}

/** One line on how far the listening has come. */
function standingOf(reading: MicReading | null, own: number): { kind: string; text: string } {
  if (!reading) return { kind: "waiting", text: "Opening the microphone." };
  const who = reading.mic === own ? "" : `${reading.name}’s microphone. `;
  const beat = reading.beat_rate_bph ? `${thousands(reading.beat_rate_bph.value)} beats an hour` : "";
  const nominal = reading.nominal_bph
    ? ` where ${thousands(reading.nominal_bph)} are right`
    : ", which is no standard beat: give the movement or its beat for a rate";
  if (reading.status === "ok")
    return {
      kind: reading.settled ? "settled" : "unsettled",
      text: `${who}${reading.settled ? "Settled" : "Not settled yet"}: ${beat}${nominal}; ${plain(reading.heard_s)} s heard, ${reading.beats} beats.`,
    };
  if (reading.status === "opening" || reading.seconds < 2.5) return { kind: "waiting", text: `${who}Listening: the first figure comes after 2 s.` };
  return { kind: "silent", text: `${who}${reading.advice[0] ?? "Nothing beats yet."}` };
}

function inWords(reading: MicReading | null): string {
  if (!reading) return "";
  if (reading.status !== "ok") return reading.seconds > 4 ? (reading.advice[0] ?? "") : "";
  const said = [
    [reading.rate_s_per_day, "seconds a day", true],
    [reading.beat_error_ms, "milliseconds beat error", false],
    [reading.amplitude_deg, "degrees of amplitude", false],
  ] as const;
  const parts = said.flatMap(([x, unit, sign]) => (x ? [`${spread(x, 1, sign)} ${unit}`] : []));
  return `${reading.settled ? "settled" : "not settled yet"}: ${parts.join(", ")}`;
}

function figure(name: string, value: Interval | null, unit: string, most: number, sign = false, more = ""): HTMLElement {
  if (!value) return h("div.numeral", {}, h("b", {}, "–"), h("span", {}, name), h("small", {}, "not yet"));
  const [head = "", ...rest] = spread(value, most, sign).split(" ");
  return h(
    "div.numeral",
    { "data-figure": name },
    h("b", {}, head),
    h("span", {}, `${name}, ${unit}`),
    h("small", { title: "95 % interval" }, rest.join(" ") || `${plain(value.low, most + 1)} to ${plain(value.high, most + 1)}`),
    more ? h("small", {}, more) : null,
  );
}

/** How well the rate repeats, apart from the error of the sound card's clock. */
function repeat(reading: MicReading | null): string {
  const low = reading?.rate_low_repeat,
    high = reading?.rate_high_repeat,
    whole = reading?.rate_s_per_day;
  if (low === null || low === undefined || high === null || high === undefined || !whole) return "";
  const half = (high - low) / 2;
  if (half > 0.8 * ((whole.high - whole.low) / 2)) return "";
  return `± ${plain(half, half < 1 ? 2 : 1)} but for the sound card’s clock`;
}

function swatch(colour: string, ring: boolean): HTMLElement {
  const i = h("i");
  if (ring) i.style.boxShadow = `inset 0 0 0 1.5px ${colour}`;
  else i.style.background = colour;
  return i;
}

const thousands = (x: number): string => plain(x).replace(/\B(?=(\d{3})+$)/g, ",");
const sentence = (t: Trouble): string => `${t.what} ${t.cure}`.trim();
const capital = (t: string): string => `${t.charAt(0).toUpperCase()}${t.slice(1)}${/[.!?]$/.test(t) ? "" : "."}`;
