/* The catalogue, a model, a column. */
"use strict";
(() => {
  const { h } = NS;
  const LAYERS = ["marts", "core", "reference", "ops", "intermediate", "staging", "raw", "seeds"];

  const distinct = (values) => [...new Set(values.filter(Boolean))].sort();
  const select = (label, values, current, pick) => h("label", {}, label, h("select", { onchange: (event) => pick(event.target.value) },
    h("option", { value: "" }, "all"), values.map((value) => h("option", { value, selected: value === current }, value))));

  /* Through when the subjects are complete: one line while they agree. */
  const complete = () => {
    const subjects = Object.entries(NS.data.as_of);
    if (!subjects.length) return null;
    if (new Set(Object.values(NS.data.as_of)).size === 1) return h("p", {}, "Everything is complete through ", h("strong", {}, NS.time(subjects[0][1])), h("span", { class: "soft" }, ", exclusive."));
    return [h("h2", {}, "Complete through"), NS.facts(subjects.map(([subject, through]) => [subject.replaceAll("_", " "), NS.time(through)]))];
  };

  NS.pages.home = () => {
    const counts = LAYERS.map((layer) => [layer, NS.data.models.filter((model) => model.layer === layer).length]).filter(([, count]) => count);
    const schemas = new Map();
    for (const model of NS.data.models) if (model.layer === "marts") NS.put(schemas, model.name.split(".")[0].replace("marts_", ""), model);
    return [
      h("h1", {}, "What the numbers mean, and where they come from"),
      h("p", { class: "lead" }, "Every model, column, metric and dashboard of the warehouse. Click a column to follow it back to its source and on to the dashboards that show it."),
      NS.facts([
        ...counts.map(([layer, count]) => [layer, h("a", { href: `#/models/${layer}` }, NS.plural(count, layer === "raw" ? "table" : "model"))]),
        ["metrics", h("a", { href: "#/metrics" }, NS.number.format(NS.data.metrics.length))],
        ["dashboards and data products", h("a", { href: "#/readers" }, NS.number.format(NS.data.exposures.length))],
      ]),
      complete(),
      [...schemas].sort(([, a], [, b]) => b.length - a.length).map(([schema, models]) => [h("h2", {}, `Marts: ${schema}`), h("ul", { class: "cards" }, models.map((model) =>
        h("li", {}, h("h3", {}, h("a", { href: NS.href.model(model.name) }, model.name.split(".")[1].replace("mart_", "").replaceAll("_", " "))), h("p", {}, model.words.answers || model.words.row))))]),
      NS.data.pictures.length ? [h("h2", {}, "Pictures"), h("ul", { class: "columns-list" }, Object.entries(NS.data.pages).map(([name, title]) => h("li", {}, h("a", { href: `#/pictures/${name}` }, title))))] : null,
    ];
  };
  NS.pages.home.title = () => "Northstar warehouse";

  NS.pages.models = (layer) => {
    const state = { layer: layer || "", owner: "", cadence: "", kind: "", text: "" };
    const place = h("div");
    const draw = () => {
      const shown = NS.data.models.filter((model) => (!state.layer || model.layer === state.layer) && (!state.owner || model.owner === state.owner) && (!state.cadence || model.cadence === state.cadence)
        && (!state.kind || model.kind === state.kind) && (!state.text || `${model.name} ${model.words.row}`.toLowerCase().includes(state.text)))
        .sort((a, b) => LAYERS.indexOf(a.layer) - LAYERS.indexOf(b.layer) || (a.name < b.name ? -1 : 1));
      place.replaceChildren(h("p", { class: "soft small", role: "status" }, NS.plural(shown.length, "model")), NS.table([
        { head: "model", value: (model) => model.name, cell: (model) => NS.modelLink(model.name) },
        { head: "one row is", words: true, cell: (model) => model.words.row.replace(/^One row per /, "per ") },
        { head: "kind", value: (model) => model.kind, cell: (model) => model.kind },
        { head: "cadence", value: (model) => model.cadence, cell: (model) => model.cadence },
        { head: "owner", value: (model) => model.owner, cell: (model) => model.owner.replaceAll("_", " ") },
        { head: "columns", number: true, phone: "columns", value: (model) => model.columns.length, cell: (model) => String(model.columns.length) },
        { head: "rows", number: true, phone: "rows", value: (model) => model.rows ?? null, cell: (model) => (model.rows === undefined ? "" : NS.number.format(model.rows)) },
      ], shown));
    };
    const pick = (name) => (value) => { state[name] = value; draw(); };
    draw();
    return [h("h1", {}, "Models"), h("div", { class: "filters" },
      h("label", {}, "contains", h("input", { type: "search", oninput: (event) => pick("text")(event.target.value.toLowerCase()) })),
      select("layer", LAYERS, state.layer, pick("layer")), select("kind", distinct(NS.data.models.map((model) => model.kind)), "", pick("kind")),
      select("cadence", distinct(NS.data.models.map((model) => model.cadence)), "", pick("cadence")), select("owner", distinct(NS.data.models.map((model) => model.owner)), "", pick("owner"))), place];
  };
  NS.pages.models.title = () => "Models";

  const words = (model) => {
    const parts = [["Answers", model.words.answers], ["Use it for", model.words.use], ["Not for", model.words.avoid], ["Also", model.words.notes]].filter(([, text]) => text);
    return [model.words.row ? h("p", { class: "lead" }, model.words.row) : null,
      parts.length ? h("dl", { class: "words" }, parts.map(([name, text]) => [h("dt", {}, name), h("dd", {}, text)])) : null];
  };
  const share = (column) => (column.nulls === undefined || column.nulls === null ? "" : column.nulls === 0 ? "none" : NS.percent.format(column.nulls));

  const columnsTable = (model) => NS.table([
    { head: "column", value: (column) => column.name, cell: (column) => NS.columnLink(`${model.name}.${column.name}`, column.name) },
    { head: "type", value: (column) => column.type, cell: (column) => h("span", { class: "mono soft" }, column.type) },
    { head: "", optional: true, cell: (column) => NS.badge(column.badge) || "" },
    { head: "means", words: true, cell: (column) => column.words },
    { head: "NULL", number: true, optional: true, phone: "NULL", value: (column) => column.nulls ?? null, cell: share },
    { head: "distinct, about", number: true, optional: true, phone: "distinct", value: (column) => column.distinct ?? null, cell: (column) => (column.distinct === undefined ? "" : NS.number.format(column.distinct)) },
    { head: "read by", number: true, optional: true, phone: "readers", value: (column) => (NS.readers.get(`${model.name}.${column.name}`) || []).length,
      cell: (column) => { const readers = NS.readers.get(`${model.name}.${column.name}`) || []; return readers.length ? h("span", { title: readers.join(", ") }, String(readers.length)) : ""; } },
  ], model.columns);

  const audits = (model) => {
    const { periods, unit } = NS.data.audit_history;
    const results = new Map((NS.data.health.audits || []).map((row) => [`${row.model}|${row.audit}|${row.arguments}`, row]));
    const key = (audit) => `${model.name}|${audit.name}|${audit.arguments}`;
    const of = (audit) => results.get(key(audit));
    const columns = [
      { head: "audit", value: (audit) => audit.name, cell: (audit) => h("span", { class: "mono" }, audit.name) },
      { head: "on", words: true, cell: (audit) => h("span", { class: "mono small soft" }, audit.arguments) },
      { head: "a failure", cell: (audit) => (audit.blocking ? "stops what lies below" : "is reported") },
    ];
    if (results.size) columns.push(
      { head: "last result", cell: (audit) => (of(audit) ? h("span", { class: `badge ${of(audit).fault_count ? "failed" : "passed"}` }, of(audit).fault_count ? NS.plural(of(audit).fault_count, "row") : "passed") : h("span", { class: "soft" }, "none yet")) },
      { head: "when", cell: (audit) => (of(audit) ? NS.time(of(audit).audited_at) : "") },
      { head: "history", cell: (audit) => NS.strip(key(audit)) || "" },
      { head: "failed of all", number: true, phone: "failed of all", cell: (audit) => (of(audit) ? `${of(audit).failed} of ${of(audit).results}` : "") },
      { head: "last failure", optional: true, cell: (audit) => (of(audit) && of(audit).failed_at ? NS.time(of(audit).failed_at) : "") });
    return [NS.table(columns, model.audits), periods.length ? h("p", { class: "soft small" }, `History: a bar a ${unit}, from ${NS.period(periods[0])} to ${NS.period(periods.at(-1))}. A short green bar passed, a tall red one failed.`) : null];
  };

  /* Through when a model is complete: once when its sources agree, else source by source. */
  const completeThrough = (shown, run) => {
    if (!shown.length) return run ? NS.time(run.complete_through) : "";
    if (new Set(shown.map((row) => row.complete_through)).size === 1) return `${NS.time(shown[0].complete_through)}, of ${shown.map((row) => row.source).join(", ")}`;
    return NS.between(shown.map((row) => `${row.source} ${NS.time(row.complete_through)}`), h("br"));
  };

  NS.pages.model = (name) => {
    const model = NS.models.get(name);
    if (!model) return null;
    const children = (NS.children.get(name) || []).sort();
    const metrics = NS.data.metrics.filter((metric) => metric.mart === name);
    const readers = NS.data.exposures.filter((exposure) => exposure.reads[name]);
    const { freshness = [], runs = [], scores = [], quarantine = [] } = NS.data.health;
    const held = quarantine.filter((row) => `intermediate.${row.batch}` === name);
    const shown = freshness.filter((row) => row.mart === name);
    const run = model.kind === "view" ? null : runs.find((row) => row.model === name);
    const score = scores.find((row) => row.model === name);
    return [
      h("p", { class: "crumbs" }, h("a", { href: `#/models/${model.layer}` }, model.layer)),
      h("h1", {}, h("span", { class: "mono" }, name)),
      words(model),
      NS.facts([
        ["kind", model.kind], ["cadence", model.cadence], ["owner", model.owner.replaceAll("_", " ")],
        ["grain", model.grain.map((grain) => grain.join(", ")).join("; ")], ["refers to", model.references.flat().join(", ")],
        ["rows", model.rows === undefined ? "" : NS.number.format(model.rows)],
        ["promised within", model.freshness_minutes ? `${model.freshness_minutes} minutes` : ""],
        ["complete through", completeThrough(shown, run), true],
        ["last ran", run ? `${NS.time(run.started_at)}, ${run.seconds.toFixed(1)} s` : ""],
        ["quality, 30 days", score ? `${NS.number.format(score.score)} of 100: ${score.passed_count} of ${score.audit_count} audits passed` : ""],
        ["file", h("span", { class: "mono small" }, NS.path(model.path)), true],
      ]),
      h("h2", {}, NS.plural(model.columns.length, "column")),
      columnsTable(model),
      metrics.length ? [h("h2", {}, "Metrics computed here"), h("ul", { class: "columns-list" }, metrics.map((metric) => h("li", {}, h("a", { href: NS.href.metric(metric.name) }, metric.title))))] : null,
      readers.length ? [h("h2", {}, "Read by"), h("ul", { class: "columns-list" }, readers.map((reader) => h("li", {}, h("a", { href: NS.href.reader(reader.name) }, reader.title), h("span", { class: "soft small" }, ` ${reader.kind.replace("_", " ")}, ${reader.refresh.replace("_", "-")}`))))] : null,
      model.audits.length ? [h("h2", {}, NS.plural(model.audits.length, "audit")), audits(model)] : null,
      held.length ? [h("h2", {}, "Quarantine"), NS.quarantine(held)] : null,
      model.reads.length ? [h("h2", {}, "Reads"), h("ul", { class: "columns-list" }, model.reads.map((parent) => h("li", {}, NS.modelLink(parent))))] : null,
      children.length ? [h("h2", {}, "Models that read it"), h("ul", { class: "columns-list" }, children.map((child) => h("li", {}, NS.modelLink(child))))] : null,
      model.choosing.length ? h("details", {}, h("summary", {}, `${NS.plural(model.choosing.length, "column")} by which it joins, filters, groups or orders rows`), h("ul", { class: "columns-list" }, model.choosing.map((key) => h("li", {}, NS.columnLink(key))))) : null,
    ];
  };
  NS.pages.model.title = (name) => name;

  NS.pages.column = (name, column) => {
    const key = `${name}.${column}`;
    const found = NS.columns.get(key);
    if (!found) return null;
    const ends = NS.lineage.ends(key);
    const readers = [...NS.lineage.readersBelow(key)].sort();
    return [
      h("p", { class: "crumbs" }, NS.modelLink(name)),
      h("h1", {}, h("span", { class: "mono" }, column), " ", NS.badge(found.badge)),
      found.words ? h("p", { class: "lead" }, found.words) : null,
      NS.facts([
        ["type", h("span", { class: "mono" }, found.type)], ["sensitivity", NS.badges[found.badge]], ["class", found.classes.join(", ")],
        ["NULL", share(found)], ["distinct, about", found.distinct === undefined ? "" : NS.number.format(found.distinct)],
        ["computed as", found.how && found.how.toLowerCase() !== column ? h("code", {}, found.how) : ""],
      ]),
      h("h2", {}, "Lineage"),
      NS.lineage.view(key),
      h("h2", {}, found.from.length ? `Comes from ${NS.plural(ends.length, "column")}` : "Begins here"),
      found.from.length ? h("ul", { class: "columns-list", id: "ends" }, ends.map((end) => h("li", {}, NS.columnLink(end), " ", NS.badge((NS.columns.get(end) || { badge: "open" }).badge))))
        : h("p", { class: "soft" }, "No other column's value is in it: it is landed, a constant, or counts rows."),
      readers.length ? [h("h2", {}, `Reaches ${NS.plural(readers.length, "reader")}`), h("ul", { class: "columns-list", id: "reached" }, readers.map(([reader, keys]) =>
        h("li", {}, h("a", { href: NS.href.reader(reader) }, NS.exposures.get(reader).title), h("span", { class: "soft small" }, ` ${[...new Set(keys.map((one) => NS.split(one)[1]))].join(", ")}`))))] : null,
    ];
  };
  NS.pages.column.title = (name, column) => `${column} in ${name}`;
})();
