// The films that a viewer holds: those that are there, and those on their way.

import { abandon, forget } from './engine.js';

export class Held {
  // `forgotten(id)` is called before a film, and what is drawn on it, is let go.
  constructor(forgotten) {
    Object.assign(this, { forgotten, ids: new Set() });
  }

  // Brings its film into each pane. Returns once all of them are there or cannot be had, as only then
  // is a pane ready for another film: why the first one of those could not, else null.
  async bring(panes, ids, filmOf) {
    ids.forEach((id) => this.ids.add(id));
    const ends = await Promise.allSettled(panes.map((pane, index) =>
      pane.imageId === ids[index] ? null : pane.show(filmOf(index), ids[index])));
    return ends.find(({ status }) => status === 'rejected')?.reason ?? null;
  }

  // Waits no longer for films that are not `wanted`.
  abandon(wanted) {
    this.ids.forEach((id) => wanted.includes(id) || abandon(id));
  }

  letGo(wanted) {
    for (const id of this.ids) {
      if (wanted.includes(id)) continue;
      this.ids.delete(id);
      this.forgotten(id);
      forget(id);
    }
  }
}
