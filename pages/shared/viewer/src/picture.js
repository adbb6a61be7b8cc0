// What is seen, as a picture to save: films, maps, box and measures as they stand.

const FOOT = 26; // CSS pixels of the line below
const SAYS = 'Knee reading room: for research and teaching, not a medical device';
// What the style sheet says of lines and words: a picture of them alone does not know it.
const STYLED = [
  'fill', 'stroke', 'stroke-width', 'stroke-linejoin', 'stroke-dasharray', 'opacity', 'visibility', 'display',
  'font-size', 'font-family', 'filter', 'text-anchor', 'dominant-baseline', 'paint-order',
];

// Hands a picture of what a viewer shows to the browser, to be saved where its user has them.
export async function savePicture(viewer) {
  const link = document.createElement('a');
  const { imageIds } = viewer;
  try {
    const picture = await pictureOf(viewer.stage, viewer.panes);
    if (viewer.imageIds !== imageIds) throw new Error('other films came meanwhile');
    link.href = URL.createObjectURL(picture);
  } catch {
    viewer.say('The picture could not be made. Try again once the film and its maps are there.');
    return;
  }
  link.download = 'knee.png'; // not the film's name: it may be a patient's
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  viewer.say('Saved as a picture: knee.png');
}

// Returns all panes that are shown, and below them what this is for, as a PNG.
async function pictureOf(stage, panes) {
  const scale = window.devicePixelRatio;
  const { left, top, width, height } = stage.getBoundingClientRect();
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round((height + FOOT) * scale);
  const paper = canvas.getContext('2d');
  paper.scale(scale, scale);
  paper.fillRect(0, 0, width, height + FOOT);
  paper.font = `12.5px ${getComputedStyle(stage).fontFamily}`;
  for (const { element } of panes) {
    const at = element.getBoundingClientRect();
    if (!at.width || !at.height) continue; // put aside
    paper.save();
    paper.translate(at.left - left, at.top - top);
    cut(paper, element, at);
    await draw(paper, element, at);
    paper.restore();
  }
  drawBorder(paper, stage);
  label(paper, SAYS, 6, height + FOOT / 2);
  return new Promise((done) => { canvas.toBlob(done, 'image/png'); });
}

// Leaves a pane's part to it: of two that are wiped the second ends at the border.
function cut(paper, element, { width, height }) {
  const [, , , hidden = '0'] = getComputedStyle(element).clipPath.match(/-?[\d.]+(%|px)?/g) ?? [];
  const from = hidden.endsWith('%') ? (width * parseFloat(hidden)) / 100 : parseFloat(hidden);
  paper.beginPath();
  paper.rect(from, 0, width - from, height);
  paper.clip();
}

// The line between two films that are wiped.
function drawBorder(paper, stage) {
  const { content, left, width, height, backgroundColor } = getComputedStyle(stage, '::before');
  if (content === 'none') return;
  paper.fillStyle = backgroundColor;
  paper.fillRect(parseFloat(left), 0, parseFloat(width), parseFloat(height));
}

async function draw(paper, element, { left, top, width, height }) {
  paper.drawImage(element.querySelector('canvas'), 0, 0, width, height);
  const map = element.querySelector('.layer');
  if (isSeen(map) && map.complete && map.naturalWidth) {
    const { opacity, transform } = getComputedStyle(map);
    const { a, b, c, d, e, f } = new DOMMatrix(transform);
    paper.save();
    paper.globalAlpha = Number(opacity);
    paper.transform(a, b, c, d, e, f);
    paper.drawImage(map, 0, 0, map.offsetWidth, map.offsetHeight);
    paper.restore();
  }
  for (const lines of element.querySelectorAll('svg')) {
    if (isSeen(lines)) paper.drawImage(await imageOf(lines, width, height), 0, 0, width, height);
  }
  for (const words of element.querySelectorAll('.title, .values')) {
    const text = words.dataset.saved ?? words.textContent;
    if (!isSeen(words) || !text) continue;
    const at = words.getBoundingClientRect();
    label(paper, text, at.left - left, at.top - top + at.height / 2);
  }
}

function isSeen(element) {
  const { display, visibility, opacity } = getComputedStyle(element);
  return display !== 'none' && visibility !== 'hidden' && Number(opacity) > 0;
}

function label(paper, text, x, middle) {
  paper.textBaseline = 'middle';
  paper.fillStyle = '#10181bd9';
  paper.fillRect(x, middle - 11, paper.measureText(text).width + 14, 22);
  paper.fillStyle = '#fff';
  paper.fillText(text, x + 7, middle);
}

async function imageOf(lines, width, height) {
  const copy = lines.cloneNode(true);
  const drawn = lines.querySelectorAll('*');
  copy.querySelectorAll('*').forEach((element, index) => {
    const style = getComputedStyle(drawn[index]);
    for (const name of STYLED) element.style.setProperty(name, style.getPropertyValue(name));
  });
  for (const [name, value] of Object.entries({ width, height })) copy.setAttribute(name, value);
  const image = new Image();
  const text = new XMLSerializer().serializeToString(copy);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  return image;
}
