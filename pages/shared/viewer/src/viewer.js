// A viewer: panes of films that are looked at together, their toolbar and keys.

import { ACTS } from './acts.js';
import { redraw } from './drawing.js';
import { idsOf, resize, start, withoutWebGL } from './engine.js';
import { Box } from './frame.js';
import { Hand, TOOLS } from './hand.js';
import { Held } from './held.js';
import { Keyboard } from './keyboard.js';
import { HINTS } from './keys.js';
import { Lens } from './lens.js';
import { Measuring } from './measuring.js';
import { Pane } from './pane.js';
import { Seen } from './seen.js';
import { stage } from './stage.js';
import { hasFew, Toolbar } from './toolbar.js';
import { View } from './view.js';

let serial = 0;

export class Viewer {
  constructor(root) {
    this.root = root;
    this.id = `viewer${(serial += 1)}`;
    this.panes = [];
    this.imageIds = [];
    this.layerIndex = -1;
    const act = (name) => this.act(name);
    this.toolbar = new Toolbar(root, {
      act,
      layer: (index) => this.putLayer(index),
      opacity: (share) => root.style.setProperty('--opacity', share),
      wipe: (percent) => root.style.setProperty('--border', `${percent}%`),
    });
    this.stage = stage({
      wheel: (event) => this.isReady && this.view.wheel(event),
      pressed: () => this.isReady && (this.hand.drawing || this.measuring.past.note()),
    });
    this.said = Object.assign(document.createElement('div'), { className: 'said', role: 'status' });
    this.hint = Object.assign(document.createElement('div'), { className: 'hint', ariaHidden: true });
    root.append(this.stage, this.said);
    this.view = new View(this.panes);
    this.seen = new Seen(this);
    this.box = new Box(this.panes, root, (film, frame, serial) =>
      this.setTriggerValue('moved', { film: film.id, knee: film.knee, ...frame, serial }));
    this.held = new Held((id) => this.box.forget(id));
    this.keyboard = new Keyboard(this);
    this.lens = new Lens(this);
    this.measuring = new Measuring(this.panes, { act, tell: (text) => this.say(text) });
    this.listen();
  }

  listen() {
    const { root } = this;
    root.addEventListener('contextmenu', (event) => event.preventDefault());
    root.addEventListener('click', (event) => {
      // After a click on a button, Enter is the page's again.
      const button = event.target.closest('button');
      // Nor is it that of a tool that is taken to be used by key.
      if (button && (event.detail || button.dataset.act in HINTS)) this.panes[0]?.element.focus();
    });
    // The panes, not the stage: one that comes or goes changes the others.
    this.observer = new ResizeObserver(() => {
      if (this.isReady && this.stage.clientWidth) this.view.resized();
    });
  }

  get isReady() {
    return this.root.dataset.ready === 'true' && !this.isGone;
  }

  // Shows what `data` says, once what was said before is shown.
  update(data) {
    this.next = data;
    this.held.abandon(idsOf(this.id, data));
    this.running ??= this.catchUp();
    return this.running;
  }

  async catchUp() {
    try {
      while (this.next && !this.isGone) {
        [this.data, this.next] = [this.next, null];
        try {
          await this.apply(this.data);
        } catch (error) {
          this.imageIds = [];
          if (!this.next) throw error; // a film that the page has turned from may be gone
        }
      }
    } finally {
      this.running = null; // at once: what is said next must not wait for what has ended
    }
  }

  // Films that stand already are left as they are looked at.
  async apply(data) {
    this.root.style.height = data.height;
    this.root.dataset.layout = data.layout;
    this.stage.style.setProperty('--columns', data.columns);
    const ids = idsOf(this.id, data);
    const isNew = ids.join() !== this.imageIds.join();
    if (isNew) this.root.dataset.ready = 'false';
    await start();
    if (this.isGone || this.next) return;
    // Where maps come or go beside the same film, it is looked at as before.
    const stays = ids[0] === this.imageIds[0];
    const wasFitted = stays && this.view.isFitted();
    if (isNew) this.seen.keep();
    this.setUp(data.panes.length);
    this.describe();
    if (isNew) await this.turnTo(ids);
    if (this.isGone) return;
    this.panes.forEach((pane, index) => Object.assign(pane, { film: this.filmOf(index) }).place());
    this.view.quietly(resize); // what was a pane's size at first may not be so now
    this.seen.bringBack();
    if (isNew && !stays) this.seen.meet();
    if (isNew && stays) this.view.join(wasFitted);
    else if (isNew && !(data.remembers && this.view.recall())) this.view.reset();
    else if (!isNew) this.view.settle();
    this.box.put(data.editable, data.heard);
    this.putLayer(this.layerIndex);
    this.press();
    this.root.dataset.cpu = withoutWebGL();
    this.root.dataset.ready = 'true';
    this.seen.answered();
  }

  filmOf(index) {
    return this.data.films[this.data.panes[index].film];
  }

  setUp(count) {
    if (!this.hand) this.take('window');
    while (this.panes.length > count) {
      this.observer.unobserve(this.panes.at(-1).element);
      this.panes.pop().destroy();
    }
    while (this.panes.length < count) {
      const pane = new Pane(this.stage, `${this.id}-${this.panes.length}`);
      this.hand.add(pane);
      this.observer.observe(pane.element);
      pane.listen({
        viewed: (from) => this.view.viewed(from),
        windowed: (from) => this.view.windowed(from),
        drawn: () => this.drawn(),
        rendered: (from) => this.rendered(from),
        released: (from, drawn) => this.box.released(from, drawn),
      });
      this.panes.push(pane);
    }
  }

  describe() {
    const { panes, editable, tools, projected, wipes, turns } = this.data;
    panes.forEach(({ film: place, layer, title, saved, note, part }, index) => {
      const film = this.filmOf(index);
      this.panes[index].isOfBox = part === 'box';
      // What was measured on a film is drawn on it, not on the maps beside it.
      this.panes[index].isMarked = index === 0 || place !== panes[0].film;
      this.panes[index].describe(film, { title, saved, note, layer: film.layers[layer] ?? null });
    });
    const { layers } = this.filmOf(0);
    if (this.layerIndex >= layers.length) this.layerIndex = -1;
    const few = this.root.classList.toggle('few', hasFew(tools, this.root));
    this.toolbar.offer({
      few,
      editable,
      layers: panes[0].layer === null ? layers : [],
      chosen: this.layerIndex,
      sides: this.panes.slice(1).some(({ isMarked }) => !isMarked),
      projected,
      wipes: wipes && panes.length === 2,
      turned: Boolean(turns),
    });
  }

  async turnTo(ids) {
    const turns = this.imageIds[0] !== ids[0];
    if (turns) this.view.keep();
    this.imageIds = ids;
    this.view.leave();
    this.hand.settle();
    this.measuring.leave();
    this.lens.leave(this.panes, ids);
    if (turns) this.box.forgetMove();
    await this.held.bring(this.panes, ids, (index) => this.filmOf(index));
    this.held.letGo(this.next ? [...ids, ...idsOf(this.id, this.next)] : ids);
  }

  // Puts one of the film's maps onto the first pane, or none (-1).
  putLayer(index) {
    this.layerIndex = index;
    const [{ layer, title, saved }] = this.data.panes;
    if (layer !== null) return;
    const film = this.filmOf(0);
    this.panes[0].describe(film, { title, saved, layer: film.layers[index] ?? null });
    this.panes[0].place();
    this.root.dataset.layer = film.layers[index]?.name ?? '';
  }

  rendered(pane) {
    if (!pane.film) return;
    pane.place();
    const [low, high] = pane.range?.map(Math.round) ?? [];
    if (low === undefined) return;
    pane.tell([low, high], this.view);
    if (pane !== this.panes[0]) return;
    this.view.drawn();
    this.drawn();
    const { isInverted, rotation, isFlipped, part } = this.view;
    Object.assign(this.root.dataset, {
      window: `${low},${high}`,
      zoom: pane.magnification.toFixed(3),
      invert: isInverted,
      flip: isFlipped,
      rotation,
      part,
    });
  }

  // Something was measured, moved or removed, or may have been.
  drawn() {
    this.seen.note();
    this.measuring.offer();
    this.seen.changed();
  }

  take(name) {
    this.hand ??= new Hand(this.id);
    if (this.hand.holds !== name) this.measuring.leave();
    this.hand.take(name);
    this.root.dataset.tool = name;
    this.hint.textContent = HINTS[name] ?? '';
    if (this.panes.length) this.panes[0].element.append(this.hint);
    redraw(this.panes); // the box's corners come or go
    if (name in HINTS) this.say(HINTS[name]);
    for (const tool of Object.keys(TOOLS)) this.toolbar.press(tool, tool === name);
  }

  // Does what a button or a key stands for. A button puts down the tool that it took; a key takes it.
  act(name, { byKey = false } = {}) {
    if (!this.isReady) return;
    if (name in TOOLS) this.take(!byKey && this.hand.holds === name ? 'window' : name);
    else this.say(ACTS[name](this) ?? '');
    this.press();
  }

  press() {
    this.toolbar.press('invert', this.view.isInverted);
    this.toolbar.press('flip', this.view.isFlipped);
    this.toolbar.press('side', !this.root.classList.contains('alone'));
  }

  toggle(name, button) {
    const isOn = this.root.classList.toggle(name);
    this.toolbar.press(button, isOn);
    return isOn;
  }

  say(text) {
    this.said.textContent = text;
  }

  destroy() {
    if (this.isReady) this.view.keep();
    this.seen.leave();
    this.isGone = true;
    this.measuring.leave();
    this.keyboard.destroy();
    this.box.destroy();
    this.observer.disconnect();
    this.hand?.destroy();
    this.lens.destroy();
    this.view.leave();
    this.panes.forEach((pane) => pane.destroy());
    this.held.letGo([]);
    // The page may mount another viewer into the same element.
    this.root.replaceChildren();
  }
}
