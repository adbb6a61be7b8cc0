// Viewers that no page made, of films that come when the test has them come: `window.stand`.
async () => {
  const names = performance.getEntriesByType("resource").map(({ name }) => name);
  const { default: mount } = await import(names.find((name) => name.includes("film-viewer.js")));
  const SIDE = 96;
  const GREYS = { A: 60, B: 140, C: 220 };
  // Whoever waits long waits a twentieth of it.
  const later = window.setTimeout;
  window.setTimeout = (act, ms = 0, ...more) => later(act, ms < 100 ? ms : ms / 20, ...more);

  let asked = []; // requests that nobody has answered
  let gone = []; // films that the server does not have
  const usual = window.fetch;
  const answer = ({ name, resolve }) => {
    const pixels = new Uint8Array(SIDE * SIDE).fill(GREYS[name]);
    resolve(gone.includes(name) ? new Response("", { status: 404 }) : new Response(pixels));
  };
  window.fetch = (address, options) => {
    const name = /\/film-(\w)$/.exec(address)?.[1];
    if (!name) return usual(address, options);
    return new Promise((resolve, reject) => {
      const one = { name, resolve };
      options.signal.addEventListener("abort", () => {
        asked = asked.filter((other) => other !== one);
        reject(options.signal.reason);
      });
      if (gone.includes(name)) answer(one);
      else asked.push(one);
    });
  };

  let graphics; // the canvas from which all films are copied
  const { drawImage } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.drawImage = function draw(from, ...more) {
    graphics = from;
    return drawImage.call(this, from, ...more);
  };
  let isRefused = false;
  const { getContext } = HTMLCanvasElement.prototype;
  HTMLCanvasElement.prototype.getContext = function get(kind, ...more) {
    return isRefused && kind.startsWith("webgl") ? null : getContext.call(this, kind, ...more);
  };

  const box = (side) => {
    const edge = (SIDE - side) / 2;
    return { left: edge, top: edge, width: side, height: side };
  };
  // Those of one viewer are no other's: how they were looked at, and what was measured, is kept.
  const film = (number, name, { map, boxes }) => ({
    id: `${number}${name}`, key: `${number}${name}`, knee: "one", type: "uint8", height: SIDE,
    width: SIDE, window: [0, 255],
    inverse: false, spacing: boxes ? [1, 1] : null, where: "", url: `/film-${name}`,
    label: `film ${name}`,
    seen: null, home: null, marks: [], frame: box(boxes?.[name] ?? 64),
    layers: map ? [{ name: "map", url: map, rect: box(9) }] : [],
  });
  const until = async (isSo) => {
    for (let tries = 0; tries < 300 && !isSo(); tries += 1) await new Promise((on) => later(on, 20));
  };
  const seenIn = (pane) => {
    if (pane.matches(".waiting, .lost")) return pane.className.replace("pane ", "");
    const canvas = pane.querySelector("canvas");
    const at = [canvas.width / 2, canvas.height / 2, 1, 1].map(Math.floor);
    const [grey] = canvas.getContext("2d").getImageData(...at).data;
    return Object.keys(GREYS).find((name) => Math.abs(GREYS[name] - grey) < 6) ?? `grey ${grey}`;
  };

  const viewers = [];
  window.stand = {
    // Another viewer, over all that the page has; returns its number.
    put() {
      const host = document.createElement("div");
      host.innerHTML = '<div class="viewer" style="width: 600px"></div>';
      host.style = "position: fixed; z-index: 999999; left: 0";
      host.style.top = `${320 * viewers.filter((one) => one.host.isConnected).length}px`;
      document.body.append(host);
      viewers.push({ host, told: [], turned: [] });
      return viewers.length - 1;
    },
    // What the page says: which films are to be seen, a pane each; perhaps with a map on each, or
    // with boxes of so many millimetres, which are what is looked at. Of `turns` arrows turn to others.
    say(number, films, { map, boxes, heard, turns } = {}) {
      const viewer = viewers[number];
      viewer.serial = (viewer.serial ?? 0) + 1;
      viewer.leave = mount({
        parentElement: viewer.host,
        setStateValue() {},
        setTriggerValue: (what, value) => {
          if (what === "turned") {
            viewer.turned.push(value);
            return;
          }
          viewer.told.push([what, value.film.at(-1)]);
          viewer.last = value;
        },
        data: {
          serial: viewer.serial, films: [...films].map((name) => film(number, name, { map, boxes })),
          panes: [...films].map((title, film) => (
            { film, title, layer: map ? 0 : null, part: boxes ? "box" : "film", note: "" })),
          editable: true, heard: heard ? viewer.last.serial : null,
          turns: turns ?? null, tells: true,
          height: "300px", layout: "row",
          columns: films.length, tools: "all", keys: "focus", projected: false, wipes: false,
          remembers: true, enters: true,
        },
      });
    },
    // A film comes to all who have asked for it.
    async give(name) {
      await until(() => asked.some((one) => one.name === name));
      const isMeant = (one) => one.name === name;
      const answered = asked.filter(isMeant);
      asked = asked.filter((one) => !isMeant(one));
      answered.forEach(answer);
    },
    // What a browser may do at any time.
    loseGraphics: () => {
      const context = getContext.call(graphics, "webgl2");
      context.getExtension("WEBGL_lose_context").loseContext();
    },
    refuseGraphics: (isSo) => { isRefused = isSo; },
    lose: (names) => { gone = [...names]; },
    asks: () => asked.map(({ name }) => name).join(""),
    told: (number) => viewers[number].told,
    turned: (number) => viewers[number].turned,
    // What a viewer shows once it shows what is `wanted`, or has had time to; where the line
    // `isOpen`, with all films that it asks for meanwhile.
    async shows(number, wanted, isOpen) {
      const { host } = viewers[number];
      const seen = () => {
        const { ready, error } = host.querySelector(".viewer").dataset;
        const panes = [...host.querySelectorAll(".pane")];
        const headings = panes.map((pane) => pane.querySelector(".title").textContent);
        if (error || ready !== "true") return `${error ?? "not ready"}: ${panes.map(seenIn)}`;
        return panes.map((pane, place) =>
          (headings[place] === seenIn(pane) ? headings[place]
            : `${seenIn(pane)} as ${headings[place]}`)).join("");
      };
      await until(() => {
        if (isOpen) asked.splice(0).forEach(answer);
        return seen() === wanted;
      });
      return seen();
    },
    // The page is done with a viewer.
    takeAway(number) {
      viewers[number].host.remove();
      viewers[number].leave?.();
    },
  };
}
