// One picture of the viewer: a film, perhaps with a map on it, and how it is looked at.

import { Enums } from '@cornerstonejs/core';
import { Enums as ToolEnums } from '@cornerstonejs/tools';
import { TRIES, disable, enable, load, pause, resolved, withoutWebGL } from './engine.js';
import { boxOf, homeOf, middleOf, spacingOf } from './geometry.js';
import { Marks } from './marks.js';
import { Scale } from './scale.js';

const AT_ONCE = 400; // ms for which nobody wants to know how much of a film is there
const SIDE = 100; // CSS pixels of a map before it is laid onto the film

export class Pane {
  constructor(host, viewportId, name = 'pane') {
    this.viewportId = viewportId;
    this.element = document.createElement('div');
    this.element.className = name;
    this.element.setAttribute('role', 'application');
    host.append(this.element);
    // Cornerstone notes which keys are down, and keeps all of them from the browser: Tab could not
    // leave a film.
    this.element.addEventListener('keydown', (event) => { event.preventDefault = () => {}; });
    this.viewport = enable(this.element, viewportId);
    this.element.addEventListener('keydown', (event) => { delete event.preventDefault; });
    this.layer = this.child('img', 'layer');
    Object.assign(this.layer, { alt: '', hidden: true });
    // Until its picture is there, the one before it would lie in its place.
    this.layer.addEventListener('load', () => this.layer.classList.remove('coming'));
    this.layer.addEventListener('error', () => this.askAgain());
    this.element.querySelector('canvas').after(this.layer);
    this.marks = new Marks(this.element);
    this.scale = new Scale(this.element);
    this.title = this.child('div', 'title');
    this.note = this.child('div', 'note');
    this.values = this.child('div', 'values');
    this.values.setAttribute('aria-hidden', 'true');
  }

  child(tag, name) {
    const made = document.createElement(tag);
    made.className = name;
    this.element.append(made);
    return made;
  }

  // Calls back after every change of the view or window, every drawing, every move of the box.
  listen({ viewed, windowed, rendered, drawn, released }) {
    const { CAMERA_MODIFIED, VOI_MODIFIED, IMAGE_RENDERED } = Enums.Events;
    const { ANNOTATION_RENDERED } = ToolEnums.Events;
    this.element.addEventListener(CAMERA_MODIFIED, () => viewed(this));
    this.element.addEventListener(VOI_MODIFIED, () => windowed(this));
    this.element.addEventListener(IMAGE_RENDERED, () => rendered(this));
    this.element.addEventListener(ANNOTATION_RENDERED, () => drawn());
    this.element.addEventListener('framereleased', (event) => released(this, event.detail));
  }

  // Shows another film; until it is there, none. Of films asked for before the one before was
  // there the last is shown.
  async show(film, imageId) {
    const turn = Symbol(imageId);
    Object.assign(this, { turn, film: null, imageId: null });
    this.element.classList.remove('lost');
    this.element.classList.add('waiting');
    this.element.dataset.loaded = '';
    const begun = performance.now();
    try {
      await load(film, imageId, (share) => {
        if (performance.now() - begun < AT_ONCE) return;
        this.element.dataset.loaded = `, ${Math.floor(100 * share)}%`;
      });
      if (this.turn === turn) await this.viewport.setStack([imageId]);
      if (this.turn === turn) Object.assign(this, { film, imageId });
    } catch (error) {
      if (this.turn === turn) this.element.classList.add('lost');
      throw error;
    } finally {
      if (this.turn === turn) this.element.classList.remove('waiting');
    }
  }

  get isShown() {
    return this.film && !this.element.classList.contains('waiting');
  }

  // `note` stands in the middle, for example that its map is being computed; `saved` is written on a
  // saved picture in place of the title.
  describe(film, { title = '', saved = null, layer = null, note = '' }) {
    const told = [film.label, title, note].filter(Boolean);
    this.element.setAttribute('aria-label', told.join(': '));
    this.element.classList.toggle('mapped', Boolean(layer));
    this.title.textContent = title;
    this.title.dataset.saved = saved ?? title;
    this.note.textContent = note;
    this.shownLayer = layer;
    this.layer.hidden = !layer;
    if (layer && (this.layer.dataset.url !== layer.url || this.tries > TRIES)) {
      this.layer.dataset.url = layer.url;
      this.layer.classList.add('coming');
      this.layer.src = resolved(layer.url);
      this.tries = 0;
    }
  }

  // Asks for the picture of a map again that could not be had, as `load` does for a film. Without it
  // the film alone would look like one of which the map shows nothing.
  askAgain() {
    const { url } = this.layer.dataset;
    const { tries } = this;
    this.tries += 1;
    if (tries >= TRIES) {
      if (!this.layer.hidden) this.note.textContent = 'This map could not be fetched';
      return;
    }
    setTimeout(() => {
      if (this.layer.dataset.url === url) this.layer.src = resolved(url);
    }, pause(tries));
  }

  window(range, isInverted) {
    const invert = isInverted !== Boolean(this.film.inverse);
    const [lower, upper] = range;
    this.viewport.setProperties({ voiRange: { lower, upper }, invert });
    this.viewport.render();
  }

  get range() {
    const range = this.viewport.getProperties().voiRange;
    return range ? [range.lower, range.upper] : null; // null in the middle of a reset
  }

  // Looks at a part of the film, given in pixels, as large as the pane allows.
  look(part, isLying) {
    const view = this.viewOf(part, isLying);
    if (view) this.aim(view.centre, view.scale);
  }

  viewOf({ left, top, width, height }, isLying) {
    const { clientWidth, clientHeight } = this.element;
    if (!clientWidth || !clientHeight) return null;
    const [down, across] = spacingOf(this.film);
    const centre = [(left + width / 2 - 0.5) * across, (top + height / 2 - 0.5) * down];
    let [w, h] = [width * across, height * down];
    if (isLying) [w, h] = [h, w];
    return { centre, scale: Math.max(h, (w * clientHeight) / clientWidth) / 2 };
  }

  // What it shows when it is fitted; a map's film shows the box that the map lies on.
  get home() {
    return this.isOfBox ? boxOf(this.film) : homeOf(this.film);
  }

  // Brings a point of the film into the middle; `scale` is half the height of what is in view.
  aim([x, y], scale) {
    const { viewport } = this;
    const { focalPoint, position } = viewport.getCamera();
    const point = [x, y, focalPoint[2]];
    const at = withoutWebGL() ? {} : { position: [x, y, position[2]] };
    viewport.setCamera({ focalPoint: point, parallelScale: scale, ...at });
    viewport.render();
  }

  get camera() {
    const { focalPoint, parallelScale } = this.viewport.getCamera();
    return { x: focalPoint?.[0], y: focalPoint?.[1], scale: parallelScale };
  }

  // CSS pixels of the pane a pixel of the film.
  get magnification() {
    if (!this.camera.scale) return 0;
    const [down] = spacingOf(this.film);
    return (this.element.clientHeight * down) / (2 * this.camera.scale);
  }

  // Says how it is looked at: a mirrored knee is one of the other side.
  tell([low, high], { isFlipped, rotation }) {
    const share = `${Math.round(100 * this.magnification)}%`;
    const turned = [isFlipped && 'flipped', rotation && `turned by ${rotation} degrees`];
    const values = [`W ${high - low}`, `L ${Math.round((low + high) / 2)}`, share, ...turned];
    this.values.textContent = values.filter(Boolean).join('  ');
  }

  // Lays the map, and what was measured, where they belong on the film.
  place() {
    if (!this.film) return;
    const [down, across] = spacingOf(this.film);
    const at = (x, y) => this.viewport.worldToCanvas([(x - 0.5) * across, (y - 0.5) * down, 0]);
    this.marks.put(this.isMarked ? this.film.marks : []);
    this.marks.place(at);
    this.scale.place(this.film.spacing ? this.magnification / down : 0, this.film.where);
    if (!this.shownLayer) return;
    const { left, top, width, height } = this.shownLayer.rect;
    const [o, a, b] = [at(left, top), at(left + width, top), at(left, top + height)];
    const cells = [a[0] - o[0], a[1] - o[1], b[0] - o[0], b[1] - o[1]].map((one) => one / SIDE);
    this.layer.style.transform = `matrix(${[...cells, o[0], o[1]].join(',')})`;
  }

  // How the film of another pane is laid on this one: which of their points are one, and the factor
  // between lengths. Films with a box each are laid box on box, others middle on middle; by their
  // millimetres where both have some of one kind, else by the size of what is laid on each other.
  onto(other) {
    const byBox = Boolean(this.film.frame && other.film.frame);
    const [from, to] = [middleOf(other.film, byBox), middleOf(this.film, byBox)];
    const inMillimetres = Boolean(this.film.spacing && other.film.spacing)
      && this.film.where === other.film.where;
    return { from, to, factor: inMillimetres ? 1 : to.height / from.height };
  }

  // Copies the view of another pane: the same film, or one whose parts are to be compared. A map
  // stays with its box until the other looks closer.
  follow(other, isLying) {
    const { from, to, factor } = this.onto(other);
    const { x, y, scale } = other.camera;
    const point = [(x - from.x) * factor + to.x, (y - from.y) * factor + to.y];
    const stays = this.isOfBox && !other.isOfBox;
    const home = stays ? this.viewOf(this.home, isLying) : null;
    if (home && scale * factor >= home.scale) this.aim(home.centre, home.scale);
    else this.aim(point, scale * factor);
  }

  destroy() {
    this.turn = null;
    disable(this.viewportId);
    this.element.remove();
  }
}
