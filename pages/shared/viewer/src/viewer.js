// A viewer: panes of films that are looked at together, their toolbar and keys.

import { ACTS } from './acts.js';
import { redraw } from './drawing.js';
import { idsOf, start } from './engine.js';
import { Box } from './frame.js';
import { Hand, TOOLS } from './hand.js';
import { Held } from './held.js';
import { Keyboard } from './keyboard.js';
import { HINTS } from './keys.js';
import { Lens } from './lens.js';
import { lookAt } from './looked.js';
import { Measuring } from './measuring.js';
import { Pane } from './pane.js';
import { Seen } from './seen.js';
import { comes, goes, stands } from './shown.js';
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
      wheel: (event) => this.isThere && this.view.wheel(event),
      pressed: () => this.isThere && (this.hand.drawing || this.measuring.past.note()),
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
      if (this.isThere && this.stage.clientWidth) this.view.resized();
    });
  }

  get isReady() {
    return this.root.dataset.ready === 'true' && !this.isGone;
  }

  // Whether all films that can be had are looked at: all, or those beside one that failed.
  get isThere() {
    return this.isReady || (Boolean(this.failure) && !this.isGone);
  }

  // Shows what `data` says, once what was said before is shown; films that could not be had are
  // asked for again where others are to be seen, or `isAnew`.
  update(data, { isAnew = false } = {}) {
    if (isAnew) this.imageIds = [];
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
          if (this.next || error !== this.failure) this.imageIds = [];
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
    if (isNew) comes(data);
    await start();
    if (this.isGone || this.next) return;
    // Where maps come or go beside the same film, it is looked at as before.
    const stays = this.view.isPut && ids[0] === this.panes[0]?.imageId;
    const wasFitted = stays && this.view.isFitted();
    if (isNew) this.seen.keep();
    this.setUp(data.panes.length);
    this.describe();
    if (isNew) this.failure = await this.turnTo(ids, stays);
    if (this.isGone) return;
    // What came beside one that failed is looked at as if it had come alone.
    if (this.panes.some(({ film }) => film) && !(this.failure && this.next)) {
      lookAt(this, { isNew, stays, wasFitted });
    }
    if (this.failure) throw this.failure;
    this.root.dataset.ready = 'true';
    stands(data);
    this.seen.answered();
  }

  filmOf(index) {
    return this.data.films[this.data.panes[index].film];
  }

  setUp(count) {
    if (!this.hand) this.take('window');
    this.drop(count);
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
    this.panes[0].element.append(this.hint);
  }

  drop(count) {
    while (this.panes.length > count) {
      this.observer.unobserve(this.panes.at(-1).element);
      this.panes.pop().destroy();
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

  // Returns why a film could not be had, where one could not.
  async turnTo(ids, stays) {
    if (!stays) {
      this.view.keep();
      this.view.isPut = false;
    }
    Object.assign(this, { imageIds: ids, failure: null });
    this.view.leave();
    this.hand.settle();
    this.measuring.leave();
    this.lens.leave(this.panes, ids);
    if (!stays) this.box.forgetMove();
    const failure = await this.held.bring(this.panes, ids, (index) => this.filmOf(index));
    // The film before one that was turned over may be turned back to.
    if (failure && this.next) return failure;
    this.held.letGo(this.next ? [...ids, ...idsOf(this.id, this.next)] : ids);
    return failure;
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
    if (!this.root.dataset.error) this.said.textContent = text;
  }

  destroy() {
    this.view.keep();
    this.seen.leave();
    this.isGone = true;
    goes(this.data);
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
