/* Search over everything that has a name, with the keyboard. */
"use strict";
NS.search = (() => {
  const { h } = NS;
  const input = document.getElementById("search");
  const list = document.getElementById("results");
  const weight = { marts: 2.2, core: 1.6, reference: 1.1, ops: 1, intermediate: 0.8, staging: 0.7, raw: 0.6, seeds: 0.6 };
  let index = null;
  let chosen = -1;

  const documents = () => {
    const found = [];
    for (const model of NS.data.models) {
      found.push({ id: `m:${model.name}`, kind: "model", name: model.name, words: `${model.words.row} ${model.words.answers} ${model.words.use}`, says: model.words.row, href: NS.href.model(model.name), weight: 1.6 * (weight[model.layer] || 1) });
      for (const column of model.columns) {
        const key = `${model.name}.${column.name}`;
        found.push({ id: `c:${key}`, kind: "column", name: column.name, where: model.name, words: column.words, says: column.words, href: NS.href.column(key), weight: 0.8 * (weight[model.layer] || 1) });
      }
    }
    for (const metric of NS.data.metrics) found.push({ id: `f:${metric.name}`, kind: "metric", name: metric.title, where: metric.synonyms.join(", "), words: `${metric.name} ${metric.words}`, says: metric.words, href: NS.href.metric(metric.name), weight: 4 });
    for (const exposure of NS.data.exposures) found.push({ id: `e:${exposure.name}`, kind: exposure.kind.replace("_", " "), name: exposure.title, words: `${exposure.name} ${exposure.audience}`, says: exposure.audience, href: NS.href.reader(exposure.name), weight: 2.5 });
    for (const picture of NS.data.pictures) found.push({ id: `p:${picture.name}`, kind: "picture", name: picture.title, where: NS.data.pages[picture.page], words: picture.says, says: picture.says, href: `#/pictures/${picture.page}`, weight: 2.5 });
    return found;
  };
  const build = () => {
    if (index) return;
    index = new MiniSearch({ fields: ["name", "where", "words"], storeFields: ["kind", "name", "where", "says", "href", "weight"] });
    index.addAll(documents());
  };
  const options = { prefix: true, fuzzy: (term) => (term.length > 4 ? 0.18 : false), combineWith: "AND", boost: { name: 4, where: 1.5 }, boostDocument: (id, term, stored) => stored.weight };

  const choose = (position) => {
    const items = [...list.querySelectorAll("[role=option]")];
    if (!items.length) return;
    chosen = (position + items.length) % items.length;
    items.forEach((item, number) => item.setAttribute("aria-selected", number === chosen));
    items[chosen].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", items[chosen].id);
  };
  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const go = (href) => {
    close();
    input.value = "";
    input.blur();
    location.hash = href;
  };
  const show = () => {
    build();
    const query = input.value.trim();
    if (!query) return close();
    const hits = index.search(query, options).slice(0, 24);
    list.replaceChildren(...hits.map((hit, number) => h("li", { role: "option", id: `hit-${number}`, "aria-selected": "false", onmousedown: (event) => { event.preventDefault(); go(hit.href); } },
      h("span", { class: "what" }, hit.kind), h("span", { class: "name" }, h("span", { class: hit.kind === "model" || hit.kind === "column" ? "mono" : null }, hit.name), hit.where ? h("span", { class: "soft small" }, ` ${hit.where}`) : null),
      hit.says ? h("span", { class: "says" }, hit.says) : null)));
    if (!hits.length) list.append(h("li", { class: "none" }, "Nothing has this name or is described so."));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    chosen = -1;
    choose(0);
  };

  input.addEventListener("focus", build, { once: true });
  input.addEventListener("input", show);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") {
      const item = list.querySelectorAll("[role=option]")[chosen];
      if (!list.hidden && item) item.dispatchEvent(new MouseEvent("mousedown", { cancelable: true }));
    } else if (event.key === "Escape") {
      input.value = "";
      close();
      input.blur();
    }
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea");
    if ((event.key === "/" && !typing) || (event.key === "k" && (event.metaKey || event.ctrlKey))) {
      event.preventDefault();
      input.focus();
      input.select();
    }
  });
  return { build };
})();
