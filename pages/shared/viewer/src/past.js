// What was measured on films, before each change: for who takes a change back.

import { annotation } from '@cornerstonejs/tools';
import { put } from './drawing.js';
import { isWhole } from './measure.js';

const MOST = 100; // changes that can be taken back

let serial = 0;

// Rulers and angles on the films of some panes, in the order in which they were drawn.
export function measuredOn(panes) {
  const ids = panes.map(({ imageId }) => imageId);
  return annotation.state.getAllAnnotations()
    .filter((drawn) => ids.includes(drawn.metadata.FrameOfReferenceUID) && isWhole(drawn))
    .sort((one, other) => one.number - other.number);
}

export function remove(lines) {
  lines.forEach(({ annotationUID }) => annotation.state.removeAnnotation(annotationUID));
}

export class Past {
  constructor(panes) {
    Object.assign(this, { panes, states: [] });
  }

  now() {
    return JSON.stringify(measuredOn(this.panes).map(({ metadata, data }) => ({
      toolName: metadata.toolName,
      imageId: metadata.FrameOfReferenceUID,
      points: data.handles.points.map((point) => [...point]),
    })));
  }

  // What was done to other films is no past of these.
  meet() {
    const films = [...new Set(this.panes.map(({ imageId }) => imageId))].sort().join();
    if (films !== this.films) this.states = [];
    this.films = films;
  }

  // Called before something may change.
  note() {
    this.meet();
    const now = this.now();
    if (now !== this.states.at(-1)) this.states.push(now);
    if (this.states.length > MOST) this.states.shift();
  }

  get isEmpty() {
    this.meet();
    const now = this.now();
    return this.states.every((state) => state === now);
  }

  // Takes the last change back; returns whether there was one.
  undo() {
    this.meet();
    const now = this.now();
    let state = this.states.pop();
    while (state === now) state = this.states.pop();
    if (state === undefined) return false;
    remove(measuredOn(this.panes));
    for (const line of JSON.parse(state)) {
      const { element } = this.panes.find(({ imageId }) => imageId === line.imageId);
      put(element, { uid: `back-${(serial += 1)}`, ...line });
    }
    return true;
  }
}
