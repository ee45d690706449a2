// Begin: the page is already painted; connect, put up the panels, then let the room load.

import "./css/base.css";
import "./css/shell.css";
import "./css/panels.css";
import "./css/dream.css";
import "./css/watch.css";
import { App } from "./app";
import { First } from "./first";
import { BenchPanel } from "./panels/bench";
import { DreamOverlay, DreamPanel } from "./panels/dream";
import { Instruments } from "./panels/instruments";
import type { Bench, Panel } from "./panels/panel";
import { People } from "./panels/people";
import { Questions } from "./panels/questions";
import { Route } from "./panels/route";
import { Shelf } from "./panels/shelf";
import { Time } from "./panels/time";
import { TouchPanel } from "./panels/touch";
import { Watch } from "./panels/watch";
import { Shell } from "./shell";
import { Stage } from "./stage";
import { dropAnywhere } from "./upload";

const app = new App();
const stage = new Stage(app);
const bench: Bench = { app, stage, open: (name) => shell.open(name), close: () => shell.close() };
const panels = {
  instruments: new Instruments(bench),
  time: new Time(bench),
  bench: new BenchPanel(bench),
  touch: new TouchPanel(bench),
  questions: new Questions(bench),
  route: new Route(bench),
  dream: new DreamPanel(bench),
  people: new People(bench),
  shelf: new Shelf(bench),
  watch: new Watch(bench),
};
const shell = new Shell(app, Object.values(panels) as Panel[]);
const first = new First(app, bench);
new DreamOverlay(bench);
dropAnywhere(app, bench);

/** For tests and the curious: what the page knows, and its parts. */
const heartwright = {
  app,
  panels,
  shell,
  first,
  get room() {
    return app.room;
  },
  state: () => ({
    linked: app.net.linked,
    role: app.hello?.role,
    frames: app.net.frames,
    focus: app.focus,
    works: app.works,
    state: app.state,
    figures: app.figures.get(app.focus) ?? null,
    sentence: app.sentence() ?? null,
    sentences: Object.fromEntries(app.sentences),
    rehearsal: app.rehearsal,
    touched: app.touched,
    dream: app.dream,
    refusals: app.refusals,
    sound: app.sound.state,
    odds: panels.touch.picture.counts(),
    microphone: {
      state: app.microphone.state,
      trouble: app.microphone.trouble,
      given: app.microphone.given,
      linked: app.microphone.linked,
      mic: app.microphone.mic,
      kept: app.microphone.kept,
      reading: panels.watch.reading(),
      dots: panels.watch.paper.dots,
    },
    panel: shell.current?.name ?? null,
    room: app.room?.state() ?? null,
  }),
  heard: () => app.sound.heard(),
  send: (command: string, args: Record<string, unknown> = {}) => app.ask(command, args),
};
declare global {
  interface Window {
    heartwright: typeof heartwright;
  }
}
window.heartwright = heartwright;

app.net.connect();
document.documentElement.classList.add("awake");
requestAnimationFrame(() => setTimeout(() => void stage.open(), 0));
