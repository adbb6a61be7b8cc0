// Rulers and angles by key: Enter draws one, arrows move one of its points, Enter goes to the next.

import { getEnabledElement } from '@cornerstonejs/core';
import { annotation } from '@cornerstonejs/tools';
import { put } from './drawing.js';
import { FrameTool } from './frame.js';
import { within } from './geometry.js';
import { Angle, Ruler, keepOnFilm } from './measure.js';

const STEP = 2; // CSS pixels
const FAR = 10; // steps, with Shift
const REST = 400; // ms without a key, after which the figure is told
// Where it is drawn at first, in shares of the pane.
const DRAWN = {
  length: { Tool: Ruler, name: 'Ruler', points: [[0.4, 0.5], [0.6, 0.5]] },
  angle: { Tool: Angle, name: 'Angle', points: [[0.4, 0.4], [0.5, 0.6], [0.6, 0.4]] },
};

let serial = 0;

export class Measuring {
  // `tell(text)` is called with what was measured.
  constructor(panes, tell) {
    Object.assign(this, { panes, tell });
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
    const unit = measured.unit ?? 'degrees';
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

  // Removes all that was measured on films, which the box on them was not.
  clear(imageIds) {
    for (const { annotationUID, metadata } of annotation.state.getAllAnnotations()) {
      const isHere = imageIds.includes(metadata.FrameOfReferenceUID);
      if (isHere && metadata.toolName !== FrameTool.toolName) {
        annotation.state.removeAnnotation(annotationUID);
      }
    }
    this.render();
  }

  render() {
    this.panes.forEach(({ viewport }) => viewport.render());
  }
}
