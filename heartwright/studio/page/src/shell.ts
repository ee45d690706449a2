// The frame of the page: sign, status, Listen, dock, sheet, messages, and recordings let fall on the room.

import type { App, Note } from "./app";
import { byId, h, plain } from "./dom";
import { icon } from "./icons";
import type { Panel } from "./panels/panel";

const NOTE_MS = 9000;

export class Shell {
  current: Panel | null = null;
  private readonly built = new Map<string, HTMLElement>();
  private readonly buttons = new Map<string, HTMLButtonElement>();
  private readonly sheet = byId("sheet");

  constructor(
    private readonly app: App,
    private readonly panels: Panel[],
  ) {
    this.listenButton();
    this.keys();
    app.on("hello", () => this.dock());
    app.on("note", (n) => this.note(n));
    for (const topic of ["state", "link", "works", "focus", "hello"] as const) app.on(topic, () => this.standing());
    app.on("link", (linked) => document.documentElement.classList.toggle("unlinked", !linked));
  }

  open(name: string): void {
    const panel = this.panels.find((p) => p.name === name);
    if (!panel || (panel.allowed && !panel.allowed(this.app))) return;
    if (this.current === panel) return;
    this.current?.closed?.();
    this.current = panel;
    let body = this.built.get(name);
    if (!body) {
      body = h("div.body");
      this.built.set(name, body);
      panel.build(body);
    }
    const shut = h(
      "button.shut",
      { type: "button", "aria-label": `Close ${panel.title}`, onclick: () => this.close() },
      icon("close"),
    );
    this.sheet.replaceChildren(h("div.head", {}, h("h2", {}, panel.title), shut), body);
    this.sheet.setAttribute("aria-label", panel.title);
    this.sheet.dataset["panel"] = name;
    this.sheet.hidden = false;
    this.sheet.tabIndex = -1;
    this.sheet.focus({ preventScroll: true });
    document.documentElement.classList.add("open");
    document.documentElement.dataset["panel"] = name;
    this.mark();
    panel.opened?.();
  }

  close(): void {
    const was = this.current;
    was?.closed?.();
    this.current = null;
    this.sheet.hidden = true;
    document.documentElement.classList.remove("open");
    delete document.documentElement.dataset["panel"];
    this.mark();
    if (was) this.buttons.get(was.name)?.focus();
  }

  private dock(): void {
    const nav = byId("dock");
    this.buttons.clear();
    nav.replaceChildren(
      ...this.panels
        .filter((p) => !p.allowed || p.allowed(this.app))
        .map((panel) => {
          const toggle = () => (this.current === panel ? this.close() : this.open(panel.name));
          const button = h(
            "button",
            { type: "button", title: panel.title, onclick: toggle, "data-panel": panel.name, "aria-pressed": "false" },
            icon(panel.icon),
            h("span", {}, panel.short),
          );
          this.buttons.set(panel.name, button);
          return button;
        }),
    );
    if (this.current && !this.buttons.has(this.current.name)) this.close();
    this.mark();
  }

  private mark(): void {
    for (const [name, button] of this.buttons) button.setAttribute("aria-pressed", String(name === this.current?.name));
  }

  private keys(): void {
    addEventListener("keydown", (event) => {
      const writing = event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
      if (event.key === "Escape" && this.current) {
        this.close();
        return;
      }
      if (writing || event.ctrlKey || event.metaKey || event.altKey) return;
      const nth = event.key === "0" ? 10 : Number(event.key);
      const shown = [...this.buttons.keys()];
      if (nth >= 1 && nth <= shown.length) this.open(shown[nth - 1] ?? "");
      else if (event.key === "l") void this.app.sound.toggle();
      else if (event.key === " " && this.app.mayTouch && !(event.target instanceof HTMLButtonElement)) {
        event.preventDefault();
        void this.app.ask(this.app.state?.halted ? "go" : "halt");
      }
    });
  }

  private listenButton(): void {
    const button = byId("listen");
    button.addEventListener("click", () => void this.app.sound.toggle());
    const pulse = byId("pulse");
    this.app.on("beat", () => {
      if (!this.app.state?.halted) {
        pulse.classList.remove("beat");
        void pulse.offsetWidth;
        pulse.classList.add("beat");
      }
    });
    this.app.on("sound", (sound) => {
      const words = { silent: "Listen", opening: "Opening", playing: "Sound on", muted: "Sound off", impossible: "No sound" };
      button.querySelector(".word")!.textContent = words[sound.state];
      button.dataset["state"] = sound.state;
      button.setAttribute("aria-pressed", String(sound.state === "playing"));
      if (sound.state === "impossible") this.app.note(sound.why, "refused");
    });
  }

  private standing(): void {
    const { state, net, hello } = this.app;
    const work = this.app.work();
    const place = byId("standing");
    const parts: string[] = [];
    let kind = "";
    if (!net.linked) {
      parts.push(
        net.why || (hello ? "Connection lost. It comes back by itself; nothing is lost on the bench." : "Opening the workshop."),
      );
      kind = "trouble";
    } else {
      if (work) parts.push(work.title.split(":")[0] ?? work.title);
      if (state?.compiling.on) {
        parts.push(state.compiling.text || "The engine is being compiled; a recorded trace plays until then.");
        kind = "wait";
      } else if (state && state.status && state.status !== "running" && work?.kind !== "recording") {
        parts.push(`${state.status}. ${state.advice}`.trim());
        kind = "trouble";
      } else if (state?.halted) parts.push("halted");
      else if (state && state.speed !== 1) parts.push(`× ${plain(state.speed, state.speed < 0.1 ? 2 : state.speed < 2 ? 1 : 0)}`);
    }
    const text = parts.join(" · ");
    if (place.dataset["text"] === text) return;
    place.dataset["text"] = text;
    place.dataset["kind"] = kind;
    const stands = kind === "trouble" && net.linked && this.app.mayTouch;
    place.replaceChildren(
      text,
      ...(stands ? [h("button.link", { type: "button", onclick: () => void this.app.ask("nudge") }, "Give it a push")] : []),
    );
  }

  private note(note: Note): void {
    const line = h(
      "p",
      { "data-kind": note.kind },
      h("span", {}, note.text),
      h("button.shut", { type: "button", "aria-label": "Dismiss", onclick: () => line.remove() }, icon("close")),
    );
    const log = byId("notes");
    for (const old of [...log.children]) if (old.firstChild?.textContent === note.text) old.remove();
    log.append(line);
    while (log.children.length > 3) log.firstElementChild?.remove();
    setTimeout(() => line.remove(), NOTE_MS);
  }
}
