// The box that the networks look at, drawn on the film and moved there.

import { getEnabledElement } from '@cornerstonejs/core';
import { annotation, drawing, Enums, RectangleROITool } from '@cornerstonejs/tools';
import { put, redraw } from './drawing.js';
import { spacingOf } from './geometry.js';

export const FRAME_COLOUR = '#4cc2c4';
export const SMALLEST = 64; // pixels
const UNREAD = 'data-box-unread'; // of the whole page, while a box is not read yet
// ms without a key, after which the page is told of a box that a key moves on: while that key is
// held, or the page has not heard of the move before. A first move it is told of at once.
const KEY_PAUSE = 120;

// Dispatches `framereleased`, its annotation as detail, on the element in which it was let go.
export class FrameTool extends RectangleROITool {
  static toolName = 'Frame';

  constructor(given, defaults = {
    supportedInteractionTypes: ['Mouse', 'Touch'],
    configuration: { calculateStats: false, getTextLines: () => null, shadow: true },
  }) {
    super(given, defaults);
    const end = this._endCallback;
    this._endCallback = (event) => {
      const moved = this.editData?.annotation;
      end(event);
      const detail = moved;
      if (moved) event.detail.element.dispatchEvent(new CustomEvent('framereleased', { detail }));
    };
    // There is one box a film: pressing beside it draws no second one.
    this.addNewAnnotation = () => undefined;
    const isNearLine = this.isPointNearTool;
    // In the hand it is taken anywhere; else by its line, so that dragging inside it windows.
    this.isPointNearTool = (element, drawn, point, proximity) =>
      isNearLine(element, drawn, point, proximity) || (this.isInHand && isInside(drawn, element, point));
    const render = this.renderAnnotation;
    this.renderAnnotation = (enabled, helper) => {
      const isDrawn = render(enabled, helper);
      if (isDrawn && this.isInHand) this.drawHandles(enabled, helper);
      return isDrawn;
    };
  }

  get isInHand() {
    return this.mode === Enums.ToolModes.Active;
  }

  // Its corners, to be seen before the pointer is on one.
  drawHandles({ viewport }, helper) {
    const all = annotation.state.getAnnotations(FrameTool.toolName, viewport.element) ?? [];
    for (const drawn of all) {
      if (drawn.isLocked) continue;
      const corners = drawn.data.handles.points.map((point) => viewport.worldToCanvas(point));
      const style = { color: FRAME_COLOUR, fill: FRAME_COLOUR, handleRadius: '5' };
      drawing.drawHandles(helper, drawn.annotationUID, 'corners', corners, style);
    }
  }
}

function isInside(drawn, element, [x, y]) {
  const { viewport } = getEnabledElement(element);
  const corners = drawn.data.handles.points.map((point) => viewport.worldToCanvas(point));
  const [xs, ys] = [corners.map(([u]) => u), corners.map(([, v]) => v)];
  const isBetween = (value, ends) => value >= Math.min(...ends) && value <= Math.max(...ends);
  return isBetween(x, xs) && isBetween(y, ys);
}

// Cornerstone's coordinates are those of pixel centres: a pixel reaches from -0.5 to 0.5.
const cornersOf = ({ left, top, width, height }, [down, across]) => {
  const [x0, y0] = [(left - 0.5) * across, (top - 0.5) * down];
  const [x1, y1] = [x0 + width * across, y0 + height * down];
  return [[x0, y1, 0], [x1, y1, 0], [x0, y0, 0], [x1, y0, 0]];
};

function frameOf(drawn, film) {
  const [down, across] = spacingOf(film);
  const xs = drawn.data.handles.points.map((point) => point[0] / across);
  const ys = drawn.data.handles.points.map((point) => point[1] / down);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  return {
    left: Math.round(left + 0.5),
    top: Math.round(top + 0.5),
    width: Math.max(SMALLEST, Math.round(Math.max(...xs) - left)),
    height: Math.max(SMALLEST, Math.round(Math.max(...ys) - top)),
  };
}

// Draws the film's box on it, or moves the one that is there; returns its annotation.
function draw(drawn, frame, { film, imageId, element, editable }) {
  const points = cornersOf(frame, spacingOf(film));
  if (drawn) {
    drawn.data.handles.points = points;
    drawn.highlighted = false;
    drawn.isLocked = !editable;
    return drawn;
  }
  return put(element, {
    uid: `frame-${imageId}`,
    toolName: FrameTool.toolName,
    imageId,
    points,
    written: false,
    invalidated: false,
    isLocked: !editable,
  });
}

// The frame after an arrow key: moved, or with Shift a side longer or shorter, by `step` pixels.
function nudged(frame, key, grows, step) {
  const across = { ArrowLeft: -step, ArrowRight: step }[key] ?? 0;
  const down = { ArrowUp: -step, ArrowDown: step }[key] ?? 0;
  if (!grows) return { ...frame, left: frame.left + across, top: frame.top + down };
  return {
    ...frame,
    width: Math.max(SMALLEST, frame.width + across),
    height: Math.max(SMALLEST, frame.height + down),
  };
}

// The boxes of a viewer's films, and what is told of the first one, which may be moved.
export class Box {
  // `tell(film, frame, serial)` is called where the box was let go.
  constructor(panes, root, tell) {
    Object.assign(this, { panes, root, tell, drawn: new Map() });
    // Whoever goes on to something else is done with moving it.
    this.flush = () => this.later && this.say(this.nudged.frame, this.nudged.film);
    document.addEventListener('pointerdown', this.flush, true);
  }

  destroy() {
    clearTimeout(this.later);
    document.documentElement.removeAttribute(UNREAD);
    document.removeEventListener('pointerdown', this.flush, true);
  }

  // The end of a move that the page has not heard of is still told, as that of its own film.
  forgetMove() {
    this.flush();
    this.sent = null;
    this.awaitMaps();
  }

  // Its film is shown no more, and its line is gone with it.
  forget(imageId) {
    this.drawn.delete(imageId);
  }

  // A box that the page does not know of yet has no maps: those that are there are of another one,
  // and so is the page's answer beside the film.
  awaitMaps() {
    const isAwaiting = Boolean(this.sent || this.later);
    this.root.classList.toggle('awaiting', isAwaiting);
    document.documentElement.toggleAttribute(UNREAD, isAwaiting);
  }

  // Puts the boxes where the page says, which knows of the move `heard` and of those before.
  put(editable, heard) {
    this.editable = editable;
    const knee = this.panes[0].film?.knee;
    if (knee !== this.knee) this.forgetMove(); // it was the box of the film's other knee
    this.knee = knee;
    if (heard === this.sent?.serial) this.sent = null;
    this.awaitMaps();
    for (const { film, imageId, element } of this.panes) {
      if (!film?.frame) continue;
      const isFirst = imageId === this.panes[0].imageId;
      // What was moved here and is on its way to the page stands until the page knows of it.
      const frame = (isFirst && (this.later ? this.nudged : this.sent)?.frame) || film.frame;
      const place = { film, imageId, element, editable: editable && isFirst };
      this.drawn.set(imageId, draw(this.drawn.get(imageId), frame, place));
      if (isFirst) this.note(frame);
    }
    redraw(this.panes);
  }

  note(frame) {
    this.root.dataset.frame = JSON.stringify(frame);
  }

  // A box that is let go once its film has gone is no other film's.
  released(pane, drawn) {
    if (drawn.metadata.FrameOfReferenceUID !== pane.imageId) return;
    this.say(frameOf(drawn, pane.film));
  }

  say(frame, film = this.panes[0].film) {
    if (!this.editable) return;
    clearTimeout(this.later);
    this.later = null;
    this.note(frame);
    this.sent = { frame, serial: `${Date.now()} ${Math.random()}` };
    this.awaitMaps();
    this.tell(film, frame, this.sent.serial);
  }

  nudge(key, grows, isHeld) {
    const [pane] = this.panes;
    const drawn = this.drawn.get(pane.imageId);
    if (!drawn || !this.editable) return;
    const step = Math.max(1, Math.round(pane.film.height / 200));
    const frame = nudged(frameOf(drawn, pane.film), key, grows, step);
    draw(drawn, frame, { ...pane, editable: true });
    redraw(this.panes);
    this.note(frame);
    this.nudged = { frame, film: pane.film };
    if (!isHeld && !this.later && !this.sent) {
      this.say(frame);
      return;
    }
    clearTimeout(this.later);
    this.later = setTimeout(this.flush, KEY_PAUSE);
    this.awaitMaps();
  }
}
