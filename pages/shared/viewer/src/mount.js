// What the page's loader calls: `default(component)`, again and again with the same element.

import style from './viewer.css';
import { idsOf, whenLost } from './engine.js';
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
    viewer.leaveGraphics = whenLost(() => {
      const hadFocus = viewer.stage.contains(root.getRootNode().activeElement);
      lose(viewer);
      return async () => {
        await show(viewer, viewer.next ?? viewer.data, { isAnew: true });
        if (hadFocus) viewer.panes[0]?.element.focus();
      };
    });
    mounted.set(parentElement, viewer);
  }
  if (data.serial >= (viewer.serial ?? 0)) {
    Object.assign(viewer, { serial: data.serial, setStateValue, setTriggerValue });
    show(viewer, data);
  }
  return () => {
    // Streamlit (1.67) takes back a call that another one overtook while the bundle was fetched:
    // the viewer is that of the later one. One that the page is done with is no longer on it.
    if (parentElement.isConnected || viewer.isGone) return;
    viewer.destroy();
    viewer.leaveGraphics();
    viewer.sheet.remove();
    mounted.delete(parentElement);
  };
}

// What was drawn is gone; how it was looked at, and what was measured, is kept.
function lose(viewer) {
  viewer.view.keep();
  viewer.seen.keep();
  viewer.hand?.settle();
  viewer.measuring.leave();
  viewer.lens.destroy();
  viewer.root.dataset.ready = 'false';
  viewer.drop(0);
}

// What failed is said until it is there, or tried anew: also while the page says the same again.
async function show(viewer, data, { isAnew = false } = {}) {
  const ids = idsOf(viewer.id, data).join();
  if (isAnew || ids !== viewer.asked) allRight(viewer);
  viewer.asked = ids;
  try {
    await viewer.update(data, { isAnew });
    allRight(viewer);
  } catch (error) {
    failed(viewer, error);
  }
}

function allRight({ root, said }) {
  if (!root.dataset.error) return;
  delete root.dataset.error;
  said.classList.remove('failed');
  said.replaceChildren();
}

// What it advises loses nothing: a reload would take films away that are not saved.
function failed(viewer, error) {
  if (viewer.isGone || viewer.root.dataset.error === String(error)) return;
  viewer.root.dataset.error = String(error);
  const why = error.message.replace(/\.$/, '');
  viewer.said.textContent = `The film cannot be shown: ${why}. Try again; if that does not help, open `
    + 'another page and come back. Neither loses anything. ';
  viewer.said.classList.add('failed');
  const again = document.createElement('button');
  Object.assign(again, { type: 'button', textContent: 'Try again' });
  again.addEventListener('click', () => {
    viewer.panes[0]?.element.focus();
    show(viewer, viewer.data, { isAnew: true });
  });
  // Enter presses the button, and is not the page's.
  again.addEventListener('keydown', (event) => event.key === 'Enter' && event.stopPropagation());
  viewer.said.append(again);
  console.error(error);
}
