/* Metrics, the bus matrix, and who reads what. */
"use strict";
(() => {
  const { h } = NS;

  NS.pages.metrics = () => [
    h("h1", {}, "Metrics"),
    h("p", { class: "lead" }, "Each is declared once, with its formula: right at every coarser grain than its mart's."),
    NS.table([
      { head: "metric", value: (metric) => metric.title, cell: (metric) => h("a", { href: NS.href.metric(metric.name) }, metric.title) },
      { head: "says", words: true, cell: (metric) => metric.words },
      { head: "unit", value: (metric) => metric.unit, cell: (metric) => metric.unit.replaceAll("_", " ") },
      { head: "mart", value: (metric) => metric.mart, cell: (metric) => NS.modelLink(metric.mart) },
    ], NS.data.metrics),
  ];
  NS.pages.metrics.title = () => "Metrics";

  NS.pages.metric = (name) => {
    const metric = NS.metrics.get(name);
    if (!metric) return null;
    const pictures = NS.data.pictures.filter((picture) => picture.metrics.includes(name));
    return [
      h("p", { class: "crumbs" }, h("a", { href: "#/metrics" }, "metrics")),
      h("h1", {}, metric.title),
      h("p", { class: "lead" }, metric.words),
      NS.facts([
        ["name", h("code", {}, name)], ["also called", metric.synonyms.join(", ")], ["unit", metric.unit.replaceAll("_", " ")], ["owner", metric.owner.replaceAll("_", " ")],
        ["computed from", NS.modelLink(metric.mart), true], ["formula", h("code", {}, metric.formula), true], ["rows that count", metric.filter ? h("code", {}, metric.filter) : "", true],
        ["never added across", metric.always_by.join(", ")],
      ]),
      h("h2", {}, "Break it down by"),
      h("ul", { class: "columns-list" }, metric.grain.map((column) => h("li", {}, NS.columnLink(`${metric.mart}.${column}`, column)))),
      h("h2", {}, "Columns in it"),
      h("ul", { class: "columns-list" }, metric.columns.filter((column) => !metric.grain.includes(column)).map((column) => h("li", {}, NS.columnLink(`${metric.mart}.${column}`, column)))),
      h("h2", {}, "Query"),
      h("pre", { tabindex: "0" }, metric.query),
      pictures.length ? [h("h2", {}, "Pictures"), h("ul", { class: "columns-list" }, pictures.map((picture) => h("li", {}, h("a", { href: `#/pictures/${picture.page}` }, picture.title))))] : null,
    ];
  };
  NS.pages.metric.title = (name) => (NS.metrics.get(name) || { title: name }).title;

  NS.pages.matrix = () => {
    const { dimensions, facts } = NS.data.matrix;
    return [
      h("h1", {}, "Bus matrix"),
      h("p", { class: "lead" }, "Facts, and the dimensions that they share: two facts with a mark in the same column can be compared by it."),
      h("div", { class: "scroll" }, h("table", { class: "matrix" },
        h("thead", {}, h("tr", {}, h("th", {}), dimensions.map((name) => h("th", { scope: "col" }, h("span", {}, h("a", { href: NS.href.model(`core.${name}`) }, name.replace("dim_", "").replaceAll("_", " "))))))),
        h("tbody", {}, Object.entries(facts).map(([fact, held]) => h("tr", {}, h("th", { scope: "row" }, h("a", { href: NS.href.model(`core.${fact}`) }, fact)),
          dimensions.map((name) => h("td", {}, held.includes(name) ? h("span", { class: "dot", title: `${fact} by ${name}`, "aria-label": "yes" }, "●") : ""))))))),
    ];
  };
  NS.pages.matrix.title = () => "Bus matrix";

  NS.pages.readers = () => [
    h("h1", {}, "Dashboards and data products"),
    NS.table([
      { head: "reader", value: (reader) => reader.title, cell: (reader) => h("a", { href: NS.href.reader(reader.name) }, reader.title) },
      { head: "kind", value: (reader) => reader.kind, cell: (reader) => reader.kind.replace("_", " ") },
      { head: "for", words: true, cell: (reader) => reader.audience },
      { head: "expects data", value: (reader) => reader.refresh, cell: (reader) => reader.refresh.replace("_", "-") },
      { head: "owner", value: (reader) => reader.owner, cell: (reader) => reader.owner.replaceAll("_", " ") },
      { head: "marts", cell: (reader) => NS.between(Object.keys(reader.reads).map((mart) => NS.modelLink(mart)), h("br")) },
    ], NS.data.exposures),
  ];
  NS.pages.readers.title = () => "Dashboards and data products";

  NS.pages.reader = (name) => {
    const reader = NS.exposures.get(name);
    if (!reader) return null;
    return [
      h("p", { class: "crumbs" }, h("a", { href: "#/readers" }, "readers")),
      h("h1", {}, reader.title),
      NS.facts([["kind", reader.kind.replace("_", " ")], ["for", reader.audience], ["expects data", reader.refresh.replace("_", "-")], ["owner", reader.owner.replaceAll("_", " ")], ["name", h("code", {}, name)]]),
      Object.entries(reader.reads).map(([mart, columns]) => [h("h2", {}, NS.modelLink(mart)), NS.table([
        { head: "column", cell: (column) => NS.columnLink(`${mart}.${column}`, column) },
        { head: "type", cell: (column) => h("span", { class: "mono soft" }, (NS.columns.get(`${mart}.${column}`) || {}).type || "") },
        { head: "means", words: true, cell: (column) => (NS.columns.get(`${mart}.${column}`) || {}).words || "" },
      ], columns)]),
    ];
  };
  NS.pages.reader.title = (name) => (NS.exposures.get(name) || { title: name }).title;
})();
