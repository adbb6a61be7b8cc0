// What the page's loader calls: `default(component)`, again and again with the same element.

import style from './viewer.css';
import { Viewer } from './viewer.js';

export { start } from './engine.js';

const mounted = new WeakMap(); // parent element -> viewer

// What the page says is numbered: it may be told in another order than it was said.
export default function mount({ parentElement, data, setStateValue, setTriggerValue }) {
  let viewer = mounted.get(parentElement);
  if (!viewer) {
    const root = parentElement.querySelector('.viewer');
    const sheet = document.createElement('style');
    sheet.textContent = style;
    root.before(sheet);
    viewer = new Viewer(root);
    viewer.sheet = sheet;
    mounted.set(parentElement, viewer);
  }
  if (data.serial >= (viewer.serial ?? 0)) {
    Object.assign(viewer, { serial: data.serial, setStateValue, setTriggerValue });
    viewer.update(data).catch((error) => failed(viewer, error));
  }
  return () => {
    // Streamlit (1.67) takes back a call that another one overtook while the bundle was fetched:
    // the viewer is that of the later one. One that the page is done with is no longer on it.
    if (parentElement.isConnected) return;
    viewer.destroy();
    viewer.sheet.remove();
    mounted.delete(parentElement);
  };
}

function failed(viewer, error) {
  if (viewer.isGone) return;
  viewer.root.dataset.error = String(error);
  viewer.say(`The film cannot be shown. ${error.message} Reload the page.`);
  viewer.said.classList.add('failed');
  console.error(error);
}
