// Rulers and angles by key: Enter draws one, arrows move one of its points, Enter goes to the next.
// Those that were drawn, by key or not, are removed and brought back.

import { getEnabledElement } from '@cornerstonejs/core';
import { annotation } from '@cornerstonejs/tools';
import { put } from './drawing.js';
import { within } from './geometry.js';
import { Angle, Ruler, keepOnFilm } from './measure.js';
import { measuredOn, Past, remove } from './past.js';

const STEP = 2; // CSS pixels
const FAR = 10; // steps, with Shift
const REST = 400; // ms without a key, after which the figure is told
// Where it is drawn at first, in shares of the pane.
const DRAWN = {
  length: { Tool: Ruler, name: 'Ruler', points: [[0.4, 0.5], [0.6, 0.5]] },
  angle: { Tool: Angle, name: 'Angle', points: [[0.4, 0.4], [0.5, 0.6], [0.6, 0.4]] },
};

let serial = 0;

// What can be done without a keyboard.
const OFFERED = { remove: ['Remove', 'Delete'], undo: ['Undo', 'Ctrl+Z'] };

// Returns which of the lines is to go: the one that the pointer is on or that is moved by key, else
// the last.
const meant = (lines) => lines.findLast(({ highlighted }) => highlighted) ?? lines.at(-1);

export class Measuring {
  // `tell(text)` is called with what was measured, `act(name)` for a button.
  constructor(panes, { tell, act }) {
    Object.assign(this, { panes, tell, past: new Past(panes), buttons: {} });
    this.offered = Object.assign(document.createElement('div'), { className: 'offered' });
    for (const [name, [label, key]] of Object.entries(OFFERED)) {
      const title = `${label} (${key})`;
      const made = { type: 'button', textContent: label, title, tabIndex: -1, onclick: () => act(name) };
      this.buttons[name] = Object.assign(document.createElement('button'), made);
    }
    this.offered.append(...Object.values(this.buttons));
    // A press on a button draws nothing on the film below it.
    for (const kind of ['pointerdown', 'mousedown', 'touchstart', 'dblclick']) {
      this.offered.addEventListener(kind, (event) => event.stopPropagation());
    }
  }

  // Offers what can be done now, on the film of the line that would go; without one, where it was.
  offer() {
    const lines = measuredOn(this.panes);
    const panes = this.panes.filter(({ isMarked }) => isMarked);
    const there = lines.length
      ? panes.find(({ imageId }) => imageId === meant(lines).metadata.FrameOfReferenceUID)
      : panes.find(({ element }) => element === this.offered.parentElement);
    const { element } = there ?? this.panes[0];
    // Once: a click on what is put anew would be lost.
    if (this.offered.parentElement !== element) element.append(this.offered);
    this.buttons.remove.hidden = !lines.length;
    this.buttons.undo.hidden = this.past.isEmpty;
  }

  // Draws what the tool in the hand measures, or goes to the next of its points.
  next(tool) {
    if (this.tool === tool && this.isThere) {
      this.point = (this.point + 1) % this.points.length;
    } else {
      this.leave();
      this.draw(tool);
    }
    this.mark();
  }

  get isThere() {
    return Boolean(this.drawn && annotation.state.getAnnotation(this.drawn.annotationUID));
  }

  get points() {
    return this.drawn.data.handles.points;
  }

  draw(tool) {
    this.past.note();
    const { Tool, points } = DRAWN[tool];
    const { element, viewport, imageId } = this.panes[0];
    const { clientWidth, clientHeight } = element;
    const at = ([x, y]) => [...viewport.canvasToWorld([x * clientWidth, y * clientHeight])];
    const drawn = points.map(at);
    keepOnFilm(drawn, getEnabledElement(element));
    this.tool = tool;
    this.point = points.length - 1;
    this.drawn = put(element, {
      uid: `by-key-${(serial += 1)}`,
      toolName: Tool.toolName,
      imageId,
      points: drawn,
      highlighted: true,
    });
  }

  // Returns whether there was a point to move.
  move([across, down], isFar) {
    if (!this.isThere) return false;
    const { element, viewport } = this.panes[0];
    const [x, y] = viewport.worldToCanvas(this.points[this.point]);
    const step = STEP * (isFar ? FAR : 1);
    // What can be seen: a point that is moved by key is followed by eye alone.
    const at = [
      within(x + across * step, [0, element.clientWidth]),
      within(y + down * step, [0, element.clientHeight]),
    ];
    this.points[this.point] = [...viewport.canvasToWorld(at)];
    keepOnFilm([this.points[this.point]], getEnabledElement(element));
    this.drawn.invalidated = true;
    this.mark();
    return true;
  }

  mark() {
    this.drawn.data.handles.activeHandleIndex = this.point;
    this.render();
    clearTimeout(this.later);
    this.later = setTimeout(() => this.say(), REST);
  }

  say() {
    if (!this.isThere) return;
    const { name } = DRAWN[this.tool];
    const [measured = {}] = Object.values(this.drawn.data.cachedStats);
    const figure = measured.length ?? measured.angle;
    if (figure === undefined) return;
    const { where = '' } = this.panes[0].film;
    const unit = measured.unit ? measured.unit + where : 'degrees';
    this.tell(`${name}, point ${this.point + 1}: ${figure.toFixed(1)} ${unit}`);
  }

  // Leaves what was drawn as it is.
  leave() {
    clearTimeout(this.later);
    if (this.isThere) {
      Object.assign(this.drawn, { highlighted: false });
      this.drawn.data.handles.activeHandleIndex = null;
      this.render();
    }
    this.drawn = null;
  }

  // Removes the one that is meant, or all of them; returns what is to be said of it.
  remove({ all = false } = {}) {
    const lines = measuredOn(this.panes);
    if (!lines.length) return '';
    this.past.note();
    remove(all ? lines : [meant(lines)]);
    return all && lines.length > 1 ? `${lines.length} measurements removed.` : 'Removed.';
  }

  // Takes the last change back.
  undo() {
    this.leave();
    return this.past.undo() ? 'Taken back.' : 'Nothing measured here to take back.';
  }

  // Does one of the acts above; what `hand` had begun and not finished is what is meant first.
  change(act, hand) {
    const said = hand.settle() ? 'Taken back.' : act();
    this.render();
    return said;
  }

  render() {
    this.panes.forEach(({ viewport }) => viewport.render());
  }
}
