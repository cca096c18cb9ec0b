/* The lineage of one column: cards of models from left to right, a line for each way that a value takes. */
"use strict";
NS.lineage = (() => {
  const { h } = NS;
  const MANY = 60;

  /* All columns that are reached along `next`, with the steps walked; `deep` false stops after one. */
  const walk = (start, next, deep) => {
    const edges = [];
    const seen = new Set([start]);
    const waiting = [start];
    while (waiting.length) {
      const key = waiting.shift();
      for (const other of next(key)) {
        edges.push([key, other]);
        if (!seen.has(other)) {
          seen.add(other);
          if (deep) waiting.push(other);
        }
      }
    }
    seen.delete(start);
    return { columns: seen, edges };
  };
  const up = (key) => (NS.columns.get(key) || { from: [] }).from;
  const down = (key) => NS.uses.get(key) || [];
  const ends = (key) => [...walk(key, up, true).columns].filter((other) => !up(other).length).sort();
  const readersBelow = (key) => {
    const found = new Map();
    for (const column of [key, ...walk(key, down, true).columns]) for (const name of NS.readers.get(column) || []) NS.put(found, name, column);
    return found;
  };

  /* Model by model, how far from the column it stands: the longest way. */
  const levels = (start, above, below) => {
    const level = new Map([[NS.split(start)[0], 0]]);
    const place = (edges, sign) => {
      const pairs = new Map();
      for (const [near, far] of edges) pairs.set(`${NS.split(near)[0]}>${NS.split(far)[0]}`, [NS.split(near)[0], NS.split(far)[0]]);
      for (let changed = true, rounds = 0; changed && rounds < 60; rounds += 1) {
        changed = false;
        for (const [near, far] of pairs.values()) {
          if (!level.has(near) || near === far) continue;
          const wanted = level.get(near) + sign;
          if (!level.has(far) || (sign < 0 ? wanted < level.get(far) : wanted > level.get(far))) {
            level.set(far, wanted);
            changed = true;
          }
        }
      }
    };
    place(above, -1);
    place(below, 1);
    return level;
  };

  const draw = (start, direction, deep) => {
    const above = direction === "uses" ? { columns: new Set(), edges: [] } : walk(start, up, deep);
    const below = direction === "sources" ? { columns: new Set(), edges: [] } : walk(start, down, deep);
    const columns = [start, ...above.columns, ...below.columns];
    const level = levels(start, above.edges, below.edges);
    const lines = [...above.edges.map(([to, from]) => [from, to]), ...below.edges];
    const byModel = new Map();
    for (const key of new Set(columns)) NS.put(byModel, NS.split(key)[0], key);
    const byLevel = new Map();
    for (const name of byModel.keys()) NS.put(byLevel, level.get(name) || 0, name);
    const readers = new Map();
    if (direction !== "sources") for (const key of [start, ...below.columns]) for (const name of NS.readers.get(key) || []) NS.put(readers, name, key);

    const anchors = new Map();
    const column = (key) => {
      const link = h("a", { href: NS.href.column(key), class: key === start ? "here" : null, "data-key": key, title: (NS.columns.get(key) || {}).words || null, "aria-current": key === start ? "true" : null }, NS.split(key)[1]);
      anchors.set(key, link);
      return h("li", {}, link);
    };
    const card = (name) => {
      const [schema, table] = [name.split(".")[0], name.split(".").slice(1).join(".")];
      return h("div", { class: "card" }, h("a", { href: NS.href.model(name) }, schema, h("b", {}, table)), h("ul", {}, byModel.get(name).sort().map(column)));
    };
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("aria-hidden", "true");
    const stages = [...byLevel.keys()].sort((a, b) => a - b).map((number) => h("div", { class: "level" }, byLevel.get(number).sort().map(card)));
    if (readers.size) {
      stages.push(h("div", { class: "level" }, [...readers].sort().map(([name, keys]) => {
        const link = h("a", { href: NS.href.reader(name) }, NS.exposures.get(name).kind.replace("_", " "), h("b", {}, NS.exposures.get(name).title));
        anchors.set(`reader:${name}`, link);
        for (const key of keys) lines.push([key, `reader:${name}`]);
        return h("div", { class: "card reader" }, link);
      })));
    }
    const plane = h("div", { class: "plane" }, svg, stages);
    const frame = h("div", { class: "lineage", role: "group", "aria-label": `Lineage of ${start}`, tabindex: "0" }, plane);

    const connect = () => {
      const origin = plane.getBoundingClientRect();
      svg.setAttribute("width", plane.scrollWidth);
      svg.setAttribute("height", plane.scrollHeight);
      svg.replaceChildren(...lines.filter(([from, to]) => anchors.has(from) && anchors.has(to)).map(([from, to]) => {
        const [a, b] = [anchors.get(from).getBoundingClientRect(), anchors.get(to).getBoundingClientRect()];
        const [x1, y1] = [a.right - origin.left, a.top + a.height / 2 - origin.top];
        const [x2, y2] = [b.left - origin.left, b.top + b.height / 2 - origin.top];
        const bend = Math.max(22, (x2 - x1) / 2);
        const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
        path.setAttribute("d", `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`);
        path.dataset.from = from;
        path.dataset.to = to;
        return path;
      }));
    };
    /* Everything on a way through one column. */
    const light = (key) => {
      const lit = new Set([key]);
      for (const [near, far] of [[1, 0], [0, 1]]) {
        const waiting = [key];
        while (waiting.length) {
          const current = waiting.pop();
          for (const line of lines) if (line[near] === current && !lit.has(line[far])) { lit.add(line[far]); waiting.push(line[far]); }
        }
      }
      for (const [name, link] of anchors) link.classList.toggle("on", Boolean(key) && lit.has(name));
      for (const path of svg.children) path.classList.toggle("on", Boolean(key) && lit.has(path.dataset.from) && lit.has(path.dataset.to));
    };
    for (const event of ["mouseover", "focusin"]) plane.addEventListener(event, (happened) => { const link = happened.target.closest("[data-key]"); light(link ? link.dataset.key : null); });
    plane.addEventListener("mouseleave", () => light(null));
    new ResizeObserver(connect).observe(plane);
    requestAnimationFrame(() => {
      connect();
      const here = anchors.get(start);
      frame.scrollLeft = here.getBoundingClientRect().left - frame.getBoundingClientRect().left - frame.clientWidth / 2;
      frame.scrollTop = here.getBoundingClientRect().top - frame.getBoundingClientRect().top - frame.clientHeight / 2;
    });
    return frame;
  };

  const group = (choices, current, pick) => h("div", { class: "group" }, Object.entries(choices).map(([value, text]) =>
    h("button", { type: "button", "aria-pressed": String(value === current), onclick: () => pick(value) }, text)));

  const view = (start) => {
    const size = walk(start, up, true).columns.size + walk(start, down, true).columns.size;
    let direction = "both";
    let depth = size > MANY ? "step" : "whole";
    const place = h("div");
    const redraw = () => place.replaceChildren(
      h("div", { class: "filters" },
        group({ both: "Both ways", sources: "Sources", uses: "Uses" }, direction, (value) => { direction = value; redraw(); }),
        group({ whole: `Whole way (${NS.plural(size, "column")})`, step: "One step" }, depth, (value) => { depth = value; redraw(); })),
      draw(start, direction, depth === "whole"));
    redraw();
    return place;
  };
  return { view, ends, readersBelow, walk, up, down };
})();
