// Cornerstone, started once for the page, and the films that it knows.

import {
  cache,
  Enums,
  eventTarget,
  getShouldUseCPURendering,
  imageLoader,
  init,
  metaData,
  RenderingEngine,
} from '@cornerstonejs/core';
import {
  addTool,
  annotation,
  init as initTools,
  PanTool,
  WindowLevelTool,
  ZoomTool,
} from '@cornerstonejs/tools';
import { FrameTool, FRAME_COLOUR } from './frame.js';
import { spacingOf } from './geometry.js';
import { Angle, Ruler } from './measure.js';

const TYPES = { uint8: Uint8Array, uint16: Uint16Array, int16: Int16Array };
const films = new Map(); // image id -> film, of the images in Cornerstone's cache
const loading = new Map(); // image id -> its image on the way: a promise, and what ends it

const users = new Set(); // called where the graphics are lost; each returns what draws anew

let started;
let engine;

// Starts Cornerstone where it has not been started: what failed is tried again.
export async function start() {
  started ??= startOnce().catch((error) => {
    started = null;
    throw error;
  });
  await started;
  if (engine) return;
  if (!withoutWebGL() && !hasGraphics()) throw new Error("the browser's graphics have stopped");
  engine = new RenderingEngine('films');
}

function hasGraphics() {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('webgl2') ?? canvas.getContext('webgl');
  const isThere = Boolean(context) && !context.isContextLost();
  context?.getExtension('WEBGL_lose_context')?.loseContext(); // browsers allow few
  return isThere;
}

// `leave()` is called where the graphics are lost, which a browser may take at any time: nothing of
// theirs can be used any more. What it returns is called once there may be others.
export function whenLost(leave) {
  users.add(leave);
  return () => users.delete(leave);
}

function renew() {
  const backs = [...users].map((leave) => leave());
  const lost = engine;
  engine = null;
  try {
    lost?.destroy();
  } finally {
    backs.forEach((back) => back());
  }
}

async function startOnce() {
  // The build puts this name in place of window.devicePixelRatio.
  globalThis.filmViewerPixelRatio = devicePixelRatio;
  // One context for all films of a page: browsers allow about sixteen.
  await init({ rendering: { webGlContextCount: 1 } });
  // Rendering without WebGL mixes up CSS and device pixels (5.14.0): it gets CSS pixels only.
  if (withoutWebGL()) globalThis.filmViewerPixelRatio = 1;
  await initTools();
  eventTarget.addEventListener(Enums.Events.WEBGL_CONTEXT_LOST, renew);
  metaData.addProvider(described, 99999);
  const tools = [WindowLevelTool, PanTool, ZoomTool, Ruler, Angle, FrameTool];
  tools.forEach(addTool);
  const style = annotation.config.style;
  const measured = {
    lineWidth: '1.8',
    color: '#ffd35c',
    colorHighlighted: '#ffe9ad',
    colorSelected: '#ffd35c',
  };
  style.setDefaultToolStyles({
    global: {
      ...style.getDefaultToolStyles().global,
      ...measured,
      textBoxColor: '#ffd35c',
      textBoxColorHighlighted: '#ffe9ad',
      textBoxColorSelected: '#ffd35c',
      textBoxFontSize: '15px',
      textBoxBackground: '#10181bb0', // on white bone as legible as on black
      textBoxBorderRadius: 3,
    },
    [FrameTool.toolName]: {
      color: FRAME_COLOUR,
      colorHighlighted: '#a5f0f1',
      colorSelected: FRAME_COLOUR,
      colorLocked: FRAME_COLOUR,
      lineDash: '3,4',
      lineDashHighlighted: '',
      lineWidth: '1.6',
    },
  });
}

export const withoutWebGL = () => getShouldUseCPURendering();

function described(type, id) {
  const film = films.get(id);
  if (!film) return undefined;
  if (type === 'generalSeriesModule') return { modality: 'DX' };
  if (type !== 'imagePlaneModule') return undefined;
  const [down, across] = spacingOf(film);
  return {
    frameOfReferenceUID: id,
    rows: film.height,
    columns: film.width,
    rowCosines: [1, 0, 0],
    columnCosines: [0, 1, 0],
    imageOrientationPatient: [1, 0, 0, 0, 1, 0],
    imagePositionPatient: [0, 0, 0],
    rowPixelSpacing: down,
    columnPixelSpacing: across,
    pixelSpacing: [down, across],
    usingDefaultValues: !film.spacing,
  };
}

// The names of a viewer's films here, a pane each: two knees of one film stand beside each other as
// two films, each with its box, and two files of equal pixels as two, each with its lines.
export const idsOf = (viewer, { panes, films: told }) =>
  panes.map(({ film }) => `${viewer}:${film}:${told[film].id}:${told[film].key}`);

// Fetches a film, once for all panes, and returns once its image is in Cornerstone's cache. Fails
// where it cannot be had, or is abandoned; who asks after that has it fetched anew.
export function load(film, id, tell) {
  if (films.has(id)) return Promise.resolve();
  if (!loading.has(id)) {
    const line = new AbortController();
    const there = loadOnce(film, id, line.signal, tell).finally(() => {
      if (loading.get(id)?.line === line) loading.delete(id);
    });
    loading.set(id, { line, there });
  }
  return loading.get(id).there;
}

async function loadOnce(film, id, signal, tell) {
  const pixels = new TYPES[film.type](film.width * film.height);
  await fetched(film, new Uint8Array(pixels.buffer), signal, tell);
  signal.throwIfAborted(); // the cache takes an image once
  films.set(id, film);
  try {
    keepImage(film, id, pixels);
  } catch (error) {
    films.delete(id);
    throw error;
  }
}

function keepImage(film, id, pixels) {
  const [down, across] = spacingOf(film);
  const image = imageLoader.createAndCacheLocalImage(id, {
    scalarData: pixels,
    dimensions: [film.width, film.height],
    spacing: [across, down],
    origin: [0, 0, 0],
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    frameOfReferenceUID: id,
    targetBuffer: { type: pixels.constructor.name },
  });
  const [low, high] = film.window;
  image.windowWidth = high - low;
  image.windowCenter = (low + high) / 2;
  image.hasPixelSpacing = Boolean(film.spacing);
  image.where = film.where;
}

// An address that starts with a slash is below where the page's own address ends.
export const resolved = (url) => new URL(url.replace(/^\//, ''), document.baseURI).href;

// While a page runs anew, what it shows may be gone for a moment: on a busy server for seconds.
export const TRIES = 10;
const SECONDS = 20; // without a byte, after which a connection is taken for dead
export const pause = (tries) => 300 * Math.min(tries + 1, 6);

// Fills `bytes` with a film, and tells while it comes which share of it is there.
async function fetched({ url, label }, bytes, signal, tell) {
  for (let tries = 0; ; tries += 1) {
    let why;
    try {
      return await received(url, bytes, signal, tell);
    } catch (error) {
      why = error.message;
    }
    if (tries === TRIES || signal.aborted) {
      throw new Error(`${label} could not be fetched (${why})`);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, pause(tries));
      signal.addEventListener('abort', resolve, { once: true });
    });
  }
}

async function received(url, bytes, signal, tell) {
  signal.throwIfAborted();
  const line = new AbortController();
  const hangUp = () => line.abort(signal.reason);
  signal.addEventListener('abort', hangUp);
  const patient = () => setTimeout(() => line.abort(new Error('no answer')), 1000 * SECONDS);
  let timer = patient();
  try {
    const reply = await fetch(resolved(url), {
      headers: { Range: 'bytes=0-' }, // not compressed on its way: five times as fast for a film
      signal: line.signal,
    });
    if (!reply.ok) throw new Error(reply.status);
    const reader = reply.body.getReader();
    let there = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      clearTimeout(timer);
      timer = patient();
      if (there + value.length > bytes.length) throw new Error('another film');
      bytes.set(value, there);
      there += value.length;
      tell(there / bytes.length);
    }
    if (there < bytes.length) throw new Error('cut off');
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', hangUp);
    line.abort();
  }
}

// Ends a film's way here, where it is still on it.
export function abandon(id) {
  loading.get(id)?.line.abort(new Error('no longer asked for'));
  loading.delete(id);
}

export function forget(id) {
  abandon(id);
  if (!films.delete(id)) return;
  for (const one of annotation.state.getAllAnnotations()) {
    if (one.metadata.FrameOfReferenceUID === id) {
      annotation.state.removeAnnotation(one.annotationUID);
    }
  }
  cache.removeImageLoadObject(id);
}

export function enable(element, viewportId) {
  engine.enableElement({
    viewportId,
    element,
    type: Enums.ViewportType.STACK,
    defaultOptions: { background: [0, 0, 0] },
  });
  element.tabIndex = 0; // Cornerstone sets -1
  return engine.getViewport(viewportId);
}

export const disable = (viewportId) => engine.disableElement(viewportId);

export const resize = () => engine.resize(true, true);

export const engineId = () => engine.id;
