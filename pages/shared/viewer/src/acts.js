// What buttons and keys stand for; each returns what is to be said of it, if anything.

import { savePicture } from './picture.js';

export const ACTS = {
  invert: ({ view }) => view.invert(),
  rotate: ({ view }) => view.rotate(),
  flip: ({ view }) => view.flip(),
  part: ({ view }) => view.nextPart(),
  preset: ({ view }) => view.nextPreset(),
  fit: ({ view }) => view.fit(),
  in: ({ view }) => view.zoom(true),
  out: ({ view }) => view.zoom(false),
  reset: ({ view }) => view.reset(),
  remove: ({ measuring, hand }) => measuring.change(() => measuring.remove(), hand),
  clear: ({ measuring, hand }) => measuring.change(() => measuring.remove({ all: true }), hand),
  undo: ({ measuring, hand }) => measuring.change(() => measuring.undo(), hand),
  pointer: (viewer) => { viewer.toggle('pointing', 'pointer'); },
  side: ({ root }) => { root.classList.toggle('alone'); },
  wipe: (viewer) => { viewer.toolbar.border.hidden = !viewer.toggle('wiped', 'wipe'); },
  picture: (viewer) => { savePicture(viewer); },
  full: ({ root }) => {
    if (document.fullscreenElement) document.exitFullscreen(); else root.requestFullscreen();
  },
};
