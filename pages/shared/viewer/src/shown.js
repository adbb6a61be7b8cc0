// Tells the page which film stands on the screen: its keys are for that one, see keyboard.py.

const page = document.documentElement;

// Before a film comes; one that stands there already, to which maps come, stays.
export function comes({ shown }) {
  if (shown && page.dataset.shown !== shown) page.dataset.shown = '';
}

export function stands({ shown }) {
  if (shown) page.dataset.shown = shown;
}

export function goes(data) {
  if (data?.shown) delete page.dataset.shown;
}
