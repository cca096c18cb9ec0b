/* What every page uses: the data by name, links, and elements made without markup in strings. */
"use strict";
const NS = {};
NS.data = window.NORTHSTAR;
NS.models = new Map(NS.data.models.map((model) => [model.name, model]));
NS.metrics = new Map(NS.data.metrics.map((metric) => [metric.name, metric]));
NS.exposures = new Map(NS.data.exposures.map((exposure) => [exposure.name, exposure]));
NS.columns = new Map();
NS.uses = new Map();
NS.readers = new Map();
NS.children = new Map();

NS.put = (map, key, value) => {
  if (!map.has(key)) map.set(key, []);
  map.get(key).push(value);
};
for (const model of NS.data.models) {
  for (const parent of model.reads) NS.put(NS.children, parent, model.name);
  for (const column of model.columns) {
    const key = `${model.name}.${column.name}`;
    NS.columns.set(key, column);
    for (const source of column.from) NS.put(NS.uses, source, key);
  }
}
for (const exposure of NS.data.exposures) {
  for (const [mart, columns] of Object.entries(exposure.reads)) {
    for (const column of columns) NS.put(NS.readers, `${mart}.${column}`, exposure.name);
  }
}

NS.h = (tag, attributes, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
};

NS.split = (key) => [key.slice(0, key.lastIndexOf(".")), key.slice(key.lastIndexOf(".") + 1)];
NS.href = {
  model: (name) => `#/model/${name}`,
  column: (key) => `#/column/${NS.split(key).join("/")}`,
  metric: (name) => `#/metric/${name}`,
  reader: (name) => `#/reader/${name}`,
};
NS.modelLink = (name) => (NS.models.has(name) ? NS.h("a", { href: NS.href.model(name), class: "mono" }, name) : NS.h("span", { class: "mono" }, name));
NS.columnLink = (key, text) => NS.h("a", { href: NS.href.column(key), class: "mono" }, text || key);
NS.badge = (kind) => (kind === "open" ? null : NS.h("span", { class: `badge ${kind}`, title: NS.badges[kind] }, kind === "phi" ? "PHI" : kind));
NS.badges = {
  open: "About no patient",
  restricted: "About a patient, under a pseudonym or by date: not for everyone",
  phi: "Identifies a patient, or may: stays in raw",
  unclassed: "Nobody has classed it: no model may read it",
};

NS.number = new Intl.NumberFormat("en-US");
NS.percent = new Intl.NumberFormat("en-US", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
NS.dollars = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", maximumFractionDigits: 0 });
NS.time = (iso) => (iso ? `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`.replace("  UTC", "") : "");
/* Audits are told by tick, or by day once there are many ticks: days all begin at midnight. */
NS.data.audit_history.unit = NS.data.audit_history.periods.every((at) => at.slice(11, 16) === "00:00") ? "day" : "tick";
NS.period = (iso) => (NS.data.audit_history.unit === "day" ? iso.slice(0, 10) : NS.time(iso));
NS.plural = (count, noun) => `${NS.number.format(count)} ${noun}${count === 1 ? "" : "s"}`;

/* Pairs of a name and a value; a third that is true gives the value more room. */
NS.facts = (pairs) =>
  NS.h("dl", { class: "facts" }, pairs.filter(([, value]) => value !== null && value !== "" && value !== undefined && value.length !== 0)
    .map(([name, value, wide]) => NS.h("div", { class: wide ? "wide" : null }, NS.h("dt", {}, name), NS.h("dd", {}, value))));

/* A path may break behind its slashes. */
NS.path = (path) => NS.between(path.split("/"), "/").flatMap((part) => (part === "/" ? ["/", NS.h("wbr")] : [part]));

NS.between = (items, separator) => items.flatMap((item, index) => (index ? [separator, item] : [item]));

/* A table that sorts by a click on a heading.  columns: {head, cell(row), value(row), number, words}; one that is
   `optional` is left out when no row has anything in it. */
NS.table = (all, rows, options = {}) => {
  const columns = all.filter((column) => !column.optional || rows.some((row) => column.cell(row)));
  const body = NS.h("tbody");
  const draw = (sorted) => body.replaceChildren(...sorted.map((row) =>
    NS.h("tr", options.id ? { id: options.id(row) } : {}, columns.map((column) =>
      NS.h("td", { class: column.number ? "number" : column.words ? "words-cell" : null, "data-head": column.phone || null }, column.cell(row))))));
  const heads = columns.map((column) => NS.h("th", { scope: "col", class: column.number ? "number" : null },
    column.value ? NS.h("button", { type: "button", onclick: () => sort(column, heads[columns.indexOf(column)]) }, column.head) : column.head));
  const sort = (column, head) => {
    const down = head.getAttribute("aria-sort") === "ascending";
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rank = (value) => (value === null || value === undefined ? -Infinity : value);
    draw([...rows].sort((a, b) => {
      const [x, y] = [rank(column.value(a)), rank(column.value(b))];
      return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
    }));
  };
  draw(rows);
  return NS.h("div", { class: "scroll" }, NS.h("table", { class: options.class ?? "stack" }, NS.h("thead", {}, NS.h("tr", {}, heads)), body));
};

NS.pages = {};
