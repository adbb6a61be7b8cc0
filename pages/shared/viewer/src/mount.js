// What the page's loader calls: `default(component)`, again and again with the same element.

import style from './viewer.css';
import { Viewer } from './viewer.js';

const mounted = new WeakMap(); // parent element -> viewer

export default function mount({ parentElement, data, setTriggerValue }) {
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
  viewer.setTriggerValue = setTriggerValue;
  viewer.update(data).catch((error) => {
    if (viewer.isGone) return;
    viewer.root.dataset.error = String(error);
    viewer.say(`The film cannot be shown. ${error.message} Reload the page.`);
    viewer.said.classList.add('failed');
    console.error(error);
  });
  return () => {
    // Streamlit (1.67) takes back a call that another one overtook while the bundle was fetched:
    // the viewer is that of the later one. One that the page is done with is no longer on it.
    if (parentElement.isConnected) return;
    viewer.destroy();
    viewer.sheet.remove();
    mounted.delete(parentElement);
  };
}
