// How the films that have come are looked at, and what is drawn on them.

import { resize, withoutWebGL } from './engine.js';

// `isNew` is whether some have just come, `stays` whether the first was there before.
export function lookAt(viewer, { isNew, stays, wasFitted }) {
  const { box, data, panes, root, seen, view } = viewer;
  panes.forEach((pane, index) => {
    if (pane.film) Object.assign(pane, { film: viewer.filmOf(index) }).place();
  });
  view.quietly(resize); // what was a pane's size at first may not be so now
  seen.bringBack();
  if (isNew && !stays) seen.meet();
  if (isNew && stays) view.join(wasFitted);
  else if (isNew && !(data.remembers && view.recall())) view.reset();
  else if (!isNew) view.settle();
  view.isPut = true;
  box.put(data.editable, data.heard);
  viewer.putLayer(viewer.layerIndex);
  viewer.press();
  root.dataset.cpu = withoutWebGL();
}
