// The films that a viewer holds: those that are there, and those on their way.

import { abandon, forget } from './engine.js';

export class Held {
  // `forgotten(id)` is called before a film, and what is drawn on it, is let go.
  constructor(forgotten) {
    Object.assign(this, { forgotten, ids: new Set() });
  }

  // Brings its film into each pane. Returns, or fails, once all of them are there or cannot be had:
  // only then is a pane ready for another film.
  async bring(panes, ids, filmOf) {
    ids.forEach((id) => this.ids.add(id));
    const ends = await Promise.allSettled(panes.map((pane, index) =>
      pane.imageId === ids[index] ? null : pane.show(filmOf(index), ids[index])));
    const failed = ends.find(({ status }) => status === 'rejected');
    if (failed) throw failed.reason;
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
