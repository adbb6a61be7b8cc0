// How the panes of a viewer are looked at: all of them alike.

import { resize } from './engine.js';
import { part, partsOf } from './geometry.js';

// Shares of the film's own window: all, then more contrast in bright, dark and middle parts.
const PRESETS = [[0, 1], [0.25, 1], [0, 0.75], [0.25, 0.75]];
const ZOOM_STEP = 1.25;
const WHEEL = 0.0015; // how much a CSS pixel of the wheel zooms
const MOVE_STEP = 50; // CSS pixels
const SLOW = 60; // ms for a drawing
const REST = 120; // ms

// How films were looked at, by id, for who comes back to one; as long as the page stands.
const kept = new Map();
const KEPT_AT_MOST = 200;

export class View {
  constructor(panes) {
    Object.assign(this, { panes, later: {}, isPut: false });
    this.plain();
  }

  plain() {
    Object.assign(this, { isInverted: false, rotation: 0, isFlipped: false, preset: 0 });
  }

  get first() {
    return this.panes.find(({ film }) => film) ?? this.panes[0];
  }

  get isLying() {
    return this.rotation % 180 !== 0;
  }

  // Does something to panes without what follows from it in the others.
  quietly(act) {
    this.isSpreading = true;
    try {
      act();
    } finally {
      this.isSpreading = false;
    }
  }

  all(act) {
    this.quietly(() => this.panes.filter(({ film }) => film).forEach(act));
  }

  // Does to the other panes what was done to one.
  spread(from, act) {
    if (this.isSpreading || !from.isShown) return;
    this.all((pane) => pane !== from && act(pane));
  }

  viewed(from) {
    from.place();
    if (!from.isShown) return; // a film that is being put in place moves no other
    this.others('camera', () => this.spread(from, (to) => to.follow(from, this.isLying)));
  }

  windowed(from) {
    const { range } = from;
    if (!range || !from.film) return;
    // Of films with windows of their own, the same share.
    const [low, high] = from.film.window;
    const shares = range.map((value) => (value - low) / (high - low));
    this.others('window', () => this.spread(from, (to) => {
      const [start, end] = to.film.window;
      // Where low is white, counted from the other end.
      const isAlike = Boolean(to.film.inverse) === Boolean(from.film.inverse);
      const [a, b] = isAlike ? shares : shares.map((share) => 1 - share).reverse();
      to.window([start + a * (end - start), start + b * (end - start)], this.isInverted);
    }));
  }

  // Lets the other panes follow: at once, or where drawing is slow, once the hand rests.
  others(what, act) {
    if (this.isSpreading) return;
    this.asked ??= performance.now();
    clearTimeout(this.later[what]);
    if (this.isSlow) this.later[what] = setTimeout(act, REST);
    else act();
  }

  // Notes how long the first pane took to be drawn after it was asked for.
  drawn() {
    if (this.asked) this.isSlow = performance.now() - this.asked > SLOW;
    this.asked = null;
  }

  // What was done to the first pane goes to no other any more: they get other films, or go.
  leave() {
    Object.values(this.later).forEach(clearTimeout);
  }

  resized() {
    const fits = this.isFitted();
    this.quietly(resize);
    if (fits) this.fit();
    else this.viewed(this.first);
    this.panes.forEach((pane) => pane.place());
  }

  isFitted() {
    if (!this.fitCamera || !this.first?.film) return false;
    const { x, y, scale } = this.first.camera;
    const { x: u, y: v, scale: fit } = this.fitCamera;
    const near = (a, b) => Math.abs(a - b) < 0.01 * fit;
    return near(x, u) && near(y, v) && near(scale, fit);
  }

  fit() {
    clearTimeout(this.later.camera);
    this.all((pane) => pane.look(pane.home, this.isLying));
    // Films beside each other are as large as each other from the start, and none is cut off.
    const { largest } = this;
    if (this.first.isOfBox) this.all((pane) => pane !== largest && pane.follow(largest));
    this.fitCamera = this.first.camera;
    [this.part] = partsOf(this.first.film);
    this.home = JSON.stringify(this.first.film.home);
  }

  // The pane whose part takes most room when all are as large as each other.
  get largest() {
    const size = (pane) => {
      const home = pane.film && pane.viewOf(pane.home, this.isLying);
      return home ? home.scale / pane.onto(this.first).factor : 0;
    };
    return this.panes.reduce((one, other) => (size(other) > size(one) ? other : one));
  }

  turn() {
    this.all(({ viewport }) => {
      viewport.setViewPresentation({ rotation: this.rotation });
      viewport.setCamera({ flipHorizontal: this.isFlipped });
      viewport.render();
    });
  }

  reset() {
    this.plain();
    this.turn();
    this.showPreset();
    this.fit();
  }

  // How the first film is looked at; one that is fitted is so in a window of another size, too.
  now() {
    const { isInverted, rotation, isFlipped, preset, part } = this;
    const { range, camera } = this.first;
    const isFitted = this.isFitted();
    const how = { isInverted, rotation, isFlipped, preset };
    return { how, part, range, camera: isFitted ? null : camera, isFitted };
  }

  // Notes how the first film is looked at, once it is.
  keep() {
    const [first] = this.panes;
    if (!this.isPut || !first?.isShown) return;
    const { film } = first;
    kept.delete(film.id);
    kept.set(film.id, this.now());
    if (kept.size > KEPT_AT_MOST) kept.delete(kept.keys().next().value);
  }

  // Notes how a film was looked at elsewhere, unless it was looked at here.
  remember(id, view) {
    if (view && !kept.has(id)) kept.set(id, view);
  }

  // Looks at the first film as it was looked at before; returns whether it was.
  recall() {
    const before = kept.get(this.first.film.id);
    if (!before) return false;
    this.reset();
    Object.assign(this, before.how);
    this.turn();
    this.all((pane) => pane.window(pane.film.window, this.isInverted));
    if (before.range) this.first.window(before.range, this.isInverted);
    this.windowed(this.first);
    this.fit();
    if (!before.isFitted) {
      const { x, y, scale } = before.camera;
      this.first.aim([x, y], scale);
      this.part = before.part;
    }
    return true;
  }

  // Turns to the other knee of a film where that is graded now; takes the maps along with the box.
  settle() {
    if (JSON.stringify(this.first.film.home) !== this.home) this.fit();
    else if (this.panes.some(({ isOfBox }) => isOfBox)) this.viewed(this.first);
  }

  // Lets panes that have just come look at their films as the first one does.
  join(isFitted) {
    const { range } = this.first;
    this.all((pane) => {
      if (pane !== this.first) pane.window(pane.film.window, this.isInverted);
    });
    this.turn();
    if (range) this.first.window(range, this.isInverted);
    this.windowed(this.first);
    if (isFitted) this.fit();
    else this.viewed(this.first);
  }

  invert() {
    this.isInverted = !this.isInverted;
    this.all((pane) => pane.window(pane.range ?? pane.film.window, this.isInverted));
    return this.isInverted ? 'Inverted' : 'Not inverted';
  }

  rotate() {
    const wasFitted = this.isFitted();
    this.rotation = (this.rotation + 90) % 360;
    this.turn();
    if (wasFitted) this.fit();
    else this.viewed(this.first);
    return `Rotated by ${this.rotation} degrees`;
  }

  // What is in the middle of a pane stays there.
  flip() {
    this.isFlipped = !this.isFlipped;
    const before = new Map(this.panes.map((pane) => [pane, pane.camera]));
    this.turn();
    this.all((pane) => {
      const { x, y, scale } = before.get(pane);
      pane.aim([x, y], scale);
    });
    return this.isFlipped ? 'Flipped' : 'Not flipped';
  }

  nextPart() {
    const parts = partsOf(this.first.film);
    const next = parts[(parts.indexOf(this.part) + 1) % parts.length];
    if (next === parts[0]) this.fit();
    else this.first.look(part(this.first.film, next), this.isLying);
    this.part = next;
    return next;
  }

  nextPreset() {
    this.preset = (this.preset + 1) % PRESETS.length;
    this.showPreset();
  }

  showPreset() {
    const [a, b] = PRESETS[this.preset];
    this.all((pane) => {
      // Where low is white, bright parts are those of low values.
      let [black, white] = pane.film.window;
      if (pane.film.inverse) [black, white] = [white, black];
      const ends = [black + a * (white - black), black + b * (white - black)];
      pane.window(ends.sort((one, other) => one - other), this.isInverted);
    });
  }

  // Widens and moves the window by shares of its width.
  adjust(wider, higher) {
    const { range } = this.first;
    if (!range) return;
    const [low, high] = range;
    const half = ((high - low) * (1 + wider)) / 2;
    const middle = (low + high) / 2 + higher * (high - low);
    this.first.window([middle - half, middle + half], this.isInverted);
  }

  zoom(isCloser) {
    const { x, y, scale } = this.first.camera;
    this.first.aim([x, y], scale * (isCloser ? 1 / ZOOM_STEP : ZOOM_STEP));
  }

  // Zooms so that the point under the mouse stays under it; returns whether that is on a pane.
  wheel(event) {
    const pane = this.panes.find(({ element }) => element.contains(event.target));
    if (!pane?.film) return Boolean(pane);
    const { left, top } = pane.element.getBoundingClientRect();
    const [u, v] = pane.viewport.canvasToWorld([event.clientX - left, event.clientY - top]);
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
    const delta = Math.max(-300, Math.min(300, event.deltaY * lines));
    const factor = Math.exp(delta * WHEEL);
    const { x, y, scale } = pane.camera;
    pane.aim([u + (x - u) * factor, v + (y - v) * factor], scale * factor);
    return true;
  }

  move([across, down]) {
    const { x, y, scale } = this.first.camera;
    const from = this.first.viewport.canvasToWorld([0, 0]);
    const to = this.first.viewport.canvasToWorld([across * MOVE_STEP, down * MOVE_STEP]);
    this.first.aim([x + to[0] - from[0], y + to[1] - from[1]], scale);
  }
}
