// Between the app and the room: which works stand in it, what they do, what the air is like. The room itself loads after the first paint.

import type { App } from "./app";
import { byId, still } from "./dom";
import type { StandingScene } from "./room/standing";
import type { Scene, ViewName } from "./room/types";
import type { Work } from "./types";

const WARM_C = 23; // the room as it is left alone
const COLD_C = 20; // this much colder is the coldest it looks
const SAG_DRAWN = 0.02; // room units for a mm: twice the scale of the heart
const STILL_PX = 5; // a press that wanders less is a click

export class Stage {
  private readonly scenes = new Map<string, Promise<Scene | StandingScene>>();
  private readonly standing = new Map<number, string>(); // work and the design it is drawn from
  view: ViewName = "whole";

  constructor(private readonly app: App) {
    app.net.onPoses((p) => {
      if (this.standing.has(p.work)) app.room?.setPoses(p.work, p);
    });
    app.net.onSeen((s) => {
      if (this.standing.has(s.work)) app.room?.setSeen(s.work, s);
    });
    app.on("works", () => void this.furnish());
    app.on("focus", (id) => this.look(id));
    app.on("state", (s) => {
      this.mood();
      for (const shelf of s.shelves ?? []) app.room?.bendBoard(shelf.name, SAG_DRAWN * shelf.sag_mm);
    });
    app.on("dream", () => this.mood());
    app.net.on("contacts", (m) => {
      if (this.standing.has(m.work))
        app.room?.setContacts(
          m.work,
          m.list.map(([t, pair, tooth, impulse]) => ({ t, pair, tooth, impulse })),
        );
    });
  }

  /** Load three.js and build the room on the page's canvas; the panels are already there. */
  async open(): Promise<void> {
    const canvas = byId("room") as HTMLCanvasElement;
    const wanted = new URLSearchParams(location.search).get("quality");
    try {
      const { Room } = await import("./room/index");
      this.app.room = new Room(canvas, {
        quality: wanted === "low" ? "low" : wanted === "high" ? "high" : undefined,
        reducedMotion: still(),
      });
    } catch (error) {
      document.documentElement.classList.add("no-room");
      const why = error instanceof TypeError ? "its file did not load" : error instanceof Error ? error.message : String(error);
      this.app.note(`The room cannot be drawn here: ${why}. Everything else works.`, "refused");
      return;
    }
    document.documentElement.classList.add("lit");
    this.pointing(canvas);
    this.app.tell("room", this.app.room);
    await this.furnish();
    this.mood();
  }

  look(id: number, view: ViewName = "whole"): void {
    this.view = view;
    if (this.standing.has(id)) this.app.room?.focus(id, view);
  }

  /** A click on a work puts it in focus; the pointer names what it is at. */
  private pointing(canvas: HTMLCanvasElement): void {
    let pressed: { x: number; y: number } | null = null;
    const place = (e: PointerEvent): { x: number; y: number } => {
      const box = canvas.getBoundingClientRect();
      return { x: e.clientX - box.left, y: e.clientY - box.top };
    };
    canvas.addEventListener("pointerdown", (e) => (pressed = place(e)));
    canvas.addEventListener("pointerup", (e) => {
      const at = place(e);
      if (!pressed || Math.hypot(at.x - pressed.x, at.y - pressed.y) > STILL_PX || !this.app.mayJudge) return;
      const id = this.app.room?.pick(at.x, at.y) ?? null;
      if (id !== null && id !== this.app.focus) void this.app.ask("focus", { work: id });
    });
    canvas.addEventListener("pointermove", (e) => {
      if (e.pointerType === "mouse" && !e.buttons) this.app.room?.point(place(e));
    });
    canvas.addEventListener("pointerleave", () => this.app.room?.point(null));
  }

  private async furnish(): Promise<void> {
    const room = this.app.room;
    if (!room) return;
    for (const [id, design] of this.standing) {
      if (this.app.work(id)?.design === design) continue;
      room.removeWork(id);
      this.standing.delete(id);
    }
    room.setBoards(this.app.hello?.shelves ?? []);
    const first = this.app.works.find((w) => w.movement_kind === "heart") ?? this.app.works[0];
    for (const work of this.app.works) if (work.kind !== "standing") await this.place(work, work.id === first?.id ? "stand" : "shelf");
    await Promise.all(this.app.works.filter((w) => w.kind === "standing").map((w) => this.place(w, "shelf")));
    this.look(this.app.focus, this.view);
  }

  private async place(work: Work, place: "stand" | "shelf"): Promise<void> {
    if (this.standing.has(work.id) || !this.app.room) return;
    const key = `${work.id} ${work.design}`;
    const scene = this.scenes.get(key) ?? this.app.net.get<Scene | StandingScene>(`/api/scene/${work.id}`);
    this.scenes.set(key, scene);
    try {
      const ready = await scene;
      if (this.standing.has(work.id)) return;
      this.standing.set(work.id, work.design);
      if ("standing" in ready) this.app.room.addStanding(work.id, ready, work.shelf ?? "", work.along_m ?? 0);
      else {
        const side = this.app.hello?.shelves?.find((s) => s.name === work.shelf)?.x_m ?? 0;
        this.app.room.addWork(work.id, ready, place, side);
      }
    } catch (error) {
      this.scenes.delete(key);
      if (work.kind !== "recording")
        this.app.note(`${work.title} could not be drawn: ${error instanceof Error ? error.message : String(error)}`, "refused");
    }
  }

  private mood(): void {
    const { state, dream, room } = this.app;
    if (!room || !state) return;
    const air = state.room;
    room.setMood({
      light: air.light,
      tiltDeg: air.tilt_deg,
      cold: Math.max(0, Math.min(1, (WARM_C - air.temperature_c) / COLD_C)),
      warp: (dream?.words ?? []).map((w) => ({ name: w.name, score: w.score })),
      discord: air.discord,
    });
    const there = !!dream && !dream.ending && !!dream.critic.name && dream.critic.visible !== false;
    room.setCritic({
      visible: there,
      gazeWork: dream?.gaze.work ?? null,
      name: dream?.critic.name ?? "",
      face: dream?.critic.face ?? "",
    });
  }
}
