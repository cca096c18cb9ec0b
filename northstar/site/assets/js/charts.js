/* Pictures of the business, and of the warehouse's own health. */
"use strict";
(() => {
  const { h } = NS;
  const COLORS = { blue: "#4e83b1", sand: "#d2a34c", green: "#5d9b7a", red: "#c26a5e", violet: "#8577ad", grey: "#8d969d" };
  const date = (text) => new Date(text.length > 10 ? `${text}Z` : `${text}T00:00Z`);
  const month = (text) => text.slice(0, 7);
  const isWide = () => document.documentElement.clientWidth > 700;
  const plot = (options) => h("div", { class: "plot" }, Plot.plot({ style: { background: "none", color: "currentColor", fontSize: "12px", fontFamily: "inherit" },
    width: isWide() ? Math.min(1100, document.documentElement.clientWidth - 80) : document.documentElement.clientWidth - 32, marginLeft: isWide() ? 70 : 52, marginBottom: 38, ...options }));
  const money = (value) => `${value < 0 ? "−" : ""}$${d3.format(Math.abs(value) >= 1000 ? ".3~s" : "d")(Math.abs(value)).toUpperCase().replace("K", "k")}`;
  /* Narrow charts name the first month of a quarter only. */
  const months = (rows) => (text) => { const first = rows[0] && rows[0].month === text; const at = date(`${text}-01`); return !isWide() && at.getUTCMonth() % 3 ? "" : d3.utcFormat(first || at.getUTCMonth() === 0 ? "%b\n%Y" : "%b")(at); };
  const long = (rows, keys, keep) => rows.flatMap((row) => Object.entries(keys).map(([key, name]) => ({ ...keep(row), name, value: row[key] })));
  const small = (picture) => NS.h("span", { class: "soft", title: `From 1 to ${picture.threshold - 1}: left out` }, `< ${picture.threshold}`);

  const numbers = (picture) => {
    const names = Object.keys(picture.rows[0] || {}).filter((name) => name !== "small");
    return h("details", {}, h("summary", {}, `The ${NS.plural(picture.rows.length, "row")} behind it, and the query`), h("pre", { tabindex: "0" }, picture.query),
      NS.table(names.map((name) => ({ head: name.replaceAll("_", " "), number: picture.rows.some((row) => typeof row[name] === "number"), value: (row) => row[name],
        cell: (row) => ((row.small || []).includes(name) ? small(picture) : typeof row[name] === "number" ? NS.number.format(row[name]) : String(row[name] ?? "")) })), picture.rows, { class: "" }));
  };

  const draw = {
    revenue_by_week: (picture) => {
      const rows = long(picture.rows, { billed: "Billed", recognised: "Recognised", collected: "Collected" }, (row) => ({ week: date(row.week_start), stream: row.revenue_stream === "patient" ? "Patients pay clinics" : "Clinics pay Northstar" }));
      return [...new Set(rows.map((row) => row.stream))].map((stream) => [h("h3", {}, stream), plot({ height: 240, x: { type: "utc", label: null }, y: { grid: true, tickFormat: money, label: null }, color: { legend: true, domain: ["Billed", "Recognised", "Collected"], range: [COLORS.blue, COLORS.green, COLORS.sand] },
        marks: [Plot.ruleY([0], { strokeOpacity: 0.4 }), Plot.lineY(rows.filter((row) => row.stream === stream), { x: "week", y: "value", stroke: "name", strokeWidth: 2, marker: "dot", tip: { format: { y: NS.dollars.format, x: "%Y-%m-%d" } } })] })]);
    },
    mrr_bridge: (picture) => {
      const kinds = { new: "New", reactivation: "Reactivation", expansion: "Expansion", contraction: "Contraction", churn: "Churn", fx: "Exchange rates" };
      const rows = long(picture.rows, kinds, (row) => ({ month: month(row.month_start) })).filter((row) => row.value);
      const last = picture.rows.at(-1);
      const months_of = months(picture.rows.map((row) => ({ month: month(row.month_start) })));
      return [last ? h("p", {}, `${NS.dollars.format(last.opening)} at the start of ${month(last.month_start)}, ${NS.dollars.format(last.closing)} at its end: ${NS.dollars.format(last.net_new)} net new.`) : null,
        plot({ height: 300, x: { type: "band", label: null, tickFormat: months_of }, y: { grid: true, tickFormat: money, label: "moved" }, color: { legend: true, domain: Object.values(kinds), range: [COLORS.blue, COLORS.violet, COLORS.green, COLORS.sand, COLORS.red, COLORS.grey] },
          marks: [Plot.barY(rows, { x: "month", y: "value", fill: "name", tip: { format: { y: NS.dollars.format } } }), Plot.ruleY([0])] }),
        plot({ height: 180, x: { type: "band", label: null, tickFormat: months_of }, y: { grid: true, tickFormat: money, label: "MRR at the end of the month", zero: true },
          marks: [Plot.barY(picture.rows, { x: (row) => month(row.month_start), y: "closing", fill: COLORS.blue, fillOpacity: 0.75, tip: { format: { y: NS.dollars.format } } }), Plot.ruleY([0])] })];
    },
    utilization_by_clinic: (picture) => {
      const rows = picture.rows.map((row) => ({ ...row, clinic: row.clinic_name, day: date(row.local_date) }));
      const clinics = new Set(rows.map((row) => row.clinic)).size;
      return plot({ height: 60 + 18 * clinics, marginLeft: isWide() ? 190 : 160, padding: 0.06, x: { type: "band", label: null, tickSize: 0, tickFormat: (day) => (day.getUTCDay() === 1 ? d3.utcFormat("%d %b")(day) : "") }, y: { label: null, domain: d3.groupSort(rows, (group) => -d3.mean(group, (row) => row.utilization ?? 0), (row) => row.clinic) },
        color: { legend: true, type: "linear", scheme: "YlGnBu", domain: [0, 1], clamp: true, tickFormat: ".0%", label: "Booked by available time" },
        marks: [Plot.cell(rows.filter((row) => row.utilization !== null), { x: "day", y: "clinic", fill: "utilization", inset: 0.5 }),
          Plot.cell(rows.filter((row) => row.small), { x: "day", y: "clinic", fill: "currentColor", fillOpacity: 0.13, inset: 0.5 }),
          Plot.tip(rows, Plot.pointer({ x: "day", y: "clinic", channels: { booked: (row) => (row.small ? `suppressed: fewer than ${picture.threshold} slots` : NS.percent.format(row.utilization ?? 0)) }, format: { x: "%Y-%m-%d" } }))] });
    },
    provider_scorecard: (picture) => {
      const rate = (name, head) => ({ head, number: true, phone: head, value: (row) => row[name], cell: (row) => ((row.small || []).includes(name) ? small(picture) : row[name] === null ? "" : h("span", { class: "bar-cell" }, h("span", { class: "bar", style: `--share:${Math.min(1, Math.max(0, row[name]))}` }, NS.percent.format(row[name])))) });
      const count = (name, head) => ({ head, number: true, phone: head, value: (row) => row[name], cell: (row) => ((row.small || []).includes(name) ? small(picture) : row[name] === null ? "" : name === "visits_per_day" ? row[name].toFixed(1) : NS.number.format(row[name])) });
      const bySpecialty = d3.group(picture.rows, (row) => row.specialty_name);
      const place = h("div");
      const show = (specialty) => place.replaceChildren(NS.table([
        { head: "provider", value: (row) => row.provider_name, cell: (row) => row.provider_name },
        count("available_hours", "hours"), rate("realised_utilization", "utilization"), count("visit_count", "visits"), count("visits_per_day", "visits a day"), rate("no_show_rate", "no-shows"), rate("on_time_rate", "on time"),
      ], bySpecialty.get(specialty)));
      const names = [...bySpecialty.keys()];
      show(names[0]);
      return [h("div", { class: "filters" }, h("label", {}, "specialty", h("select", { onchange: (event) => show(event.target.value) }, names.map((name) => h("option", { value: name }, `${name} (${bySpecialty.get(name).length})`)))), h("span", { class: "soft" }, month(picture.rows[0].month_start))), place];
    },
    cohort_triangle: (picture) => {
      const cohorts = d3.group(picture.rows, (row) => row.cohort_month);
      const last = d3.max(picture.rows, (row) => row.months_since) ?? 0;
      return h("div", { class: "scroll" }, h("table", { class: "triangle" }, h("thead", {}, h("tr", {}, h("th", {}, "cohort"), h("th", {}, "accounts"), d3.range(last + 1).map((since) => h("th", {}, since ? `+${since}` : "month 0")))),
        h("tbody", {}, [...cohorts].map(([cohort, rows]) => h("tr", {}, h("th", { scope: "row" }, month(cohort)), h("td", {}, NS.number.format(rows[0].accounts)),
          d3.range(last + 1).map((since) => { const row = rows.find((one) => one.months_since === since); return row ? h("td", { title: `${row.retained} of ${row.accounts}`, style: `background:color-mix(in srgb, ${COLORS.blue} ${Math.round(row.retention * 55)}%, var(--paper))` }, d3.format(".0%")(row.retention)) : h("td", {}); }))))));
    },
    receivable_ageing: (picture) => {
      const kinds = { not_due: "Not due", d1_30: "1 to 30 days", d31_60: "31 to 60 days", d61_90: "61 to 90 days", d90_plus: "More than 90 days" };
      const rows = long(picture.rows, kinds, (row) => ({ day: date(row.as_of_date), stream: row.revenue_stream === "patient" ? "Patients owe clinics" : "Clinics owe Northstar" }));
      return [...new Set(rows.map((row) => row.stream))].map((stream) => [h("h3", {}, stream), plot({ height: 240, x: { type: "utc", label: null }, y: { grid: true, tickFormat: money, label: null }, color: { legend: true, domain: Object.values(kinds), range: [COLORS.blue, COLORS.green, COLORS.sand, COLORS.violet, COLORS.red] },
        marks: [Plot.areaY(rows.filter((row) => row.stream === stream), { x: "day", y: "value", fill: "name", fillOpacity: 0.85, order: Object.values(kinds), tip: { format: { y: NS.dollars.format, x: "%Y-%m-%d" } } }), Plot.ruleY([0])] })]);
    },
  };

  /* Each result of an audit as a bar: short and green when it passed, of full height when it failed. */
  NS.strip = (key) => {
    const { periods, audits } = NS.data.audit_history;
    const told = audits[key];
    if (!told) return null;
    const words = (number) => (told.faults[number] ? `${told.faults[number][0]} of ${told.faults[number][1]} failed, up to ${NS.plural(told.faults[number][2], "row")}` : "passed");
    const bars = periods.map((at, number) => ({ at, mark: told.marks[number], words: `${NS.period(at)}: ${words(number)}` })).filter((bar) => bar.mark !== " ");
    const failed = bars.filter((bar) => bar.mark === "x");
    const chart = Plot.plot({ width: Math.min(270, 14 * periods.length), height: 24, margin: 0, ariaLabel: `${failed.length} of ${NS.plural(bars.length, NS.data.audit_history.unit)} with a failure`,
      x: { type: "band", domain: periods, axis: null, padding: 0.2 }, y: { domain: [0, 1], axis: null },
      marks: [Plot.barY(bars, { x: "at", y: (bar) => (bar.mark === "x" ? 1 : 0.4), fill: (bar) => (bar.mark === "x" ? "var(--bad)" : "var(--good)"), title: "words" })] });
    chart.setAttribute("role", "img");
    return h("div", { class: "strip" }, chart, failed.length ? h("details", {}, h("summary", {}, `${failed.length} with a failure`), h("ul", {}, failed.reverse().map((bar) => h("li", {}, bar.words)))) : null);
  };

  const figure = (picture) => h("figure", { id: picture.name }, h("h2", {}, picture.title), h("p", {}, picture.says),
    picture.rows.length ? draw[picture.name](picture) : h("p", { class: "soft" }, "No period is complete yet."),
    h("figcaption", { class: "source" },
      h("span", {}, "metrics ", NS.between(picture.metrics.map((name) => h("a", { href: NS.href.metric(name) }, NS.metrics.get(name).title)), ", ")), h("span", {}, "mart ", NS.modelLink(picture.mart)),
      h("span", {}, picture.as_of ? `complete through ${NS.time(picture.as_of)}` : "completeness not known"), picture.suppresses ? h("span", {}, `counts below ${picture.threshold} are left out`) : null),
    picture.rows.length ? numbers(picture) : null);

  NS.pages.pictures = (page) => {
    if (!page) {
      return [h("h1", {}, "Pictures of the business"), NS.data.pictures.length ? h("ul", { class: "cards" }, Object.entries(NS.data.pages).map(([name, title]) => h("li", {}, h("h3", {}, h("a", { href: `#/pictures/${name}` }, title)),
        NS.data.pictures.filter((picture) => picture.page === name).map((picture) => h("p", {}, picture.title))))) : h("p", { class: "soft" }, "The marts were not built yet when this site was.")];
    }
    if (!NS.data.pages[page]) return null;
    return [h("p", { class: "crumbs" }, h("a", { href: "#/pictures" }, "pictures")), h("h1", {}, NS.data.pages[page]), NS.data.pictures.filter((picture) => picture.page === page).map(figure)];
  };
  NS.pages.pictures.title = (page) => NS.data.pages[page] || "Pictures of the business";

  const part = (title, says, rows, chart) => [h("h2", {}, title), h("p", { class: "soft" }, says), rows && rows.length ? chart(rows) : h("p", {}, rows ? "Nothing to show." : "Not recorded yet.")];
  const model = { head: "model", value: (row) => row.model, cell: (row) => NS.modelLink(row.model) };
  const times = { type: "utc", label: null, ticks: isWide() ? 8 : 3, tickFormat: "%d %b\n%H:%M" };
  const few = (bars) => ({ width: Math.min(isWide() ? 1100 : 350, 140 + 60 * bars) });

  const latency = (rows) => plot({ height: 260, x: times, y: { type: "log", grid: true, label: "minutes", domain: [Math.min(1, d3.min(rows, (row) => row.median_minutes)), Math.max(100, d3.max(rows, (row) => row.median_minutes))], ticks: [1, 10, 100, 1000, 10000], tickFormat: "~s" },
    color: { legend: true, range: [COLORS.blue, COLORS.sand, COLORS.green, COLORS.violet] },
    marks: [Plot.ruleY([45], { stroke: COLORS.red, strokeDasharray: "4 3" }), Plot.lineY(rows, { x: (row) => date(row.tick_at), y: "median_minutes", stroke: "source", marker: "dot", tip: true })] });

  /* Bands are named as far as there is room. */
  const sparse = (count, format) => (value, number) => (number % Math.ceil(count / (isWide() ? 12 : 4)) ? "" : d3.utcFormat(format)(date(value)));

  const quarantine = (rows) => {
    const days = new Set(rows.map((row) => row.day)).size;
    return [plot({ height: 220, ...few(days), x: { type: "band", label: null, tickFormat: sparse(days, "%d %b") }, y: { grid: true, label: "records" }, color: { legend: true, range: [COLORS.blue, COLORS.sand, COLORS.green, COLORS.violet] },
      marks: [Plot.barY(rows, Plot.groupX({ y: "sum" }, { x: "day", y: "records", fill: "source", tip: true })), Plot.ruleY([0])] }),
    NS.table([
      { head: "source", value: (row) => row.source, cell: (row) => row.source },
      { head: "batch", value: (row) => row.batch, cell: (row) => NS.modelLink(`intermediate.${row.batch}`) },
      { head: "rule", value: (row) => row.fault_rule, cell: (row) => row.fault_rule.replaceAll("_", " ") },
      { head: "day", value: (row) => row.day, cell: (row) => row.day },
      { head: "records", number: true, phone: "records", value: (row) => row.records, cell: (row) => NS.number.format(row.records) },
      { head: "still held", number: true, phone: "still held", value: (row) => row.held, cell: (row) => NS.number.format(row.held) },
    ], rows)];
  };

  NS.quarantine = quarantine;

  const audited = (failed) => (periods) => {
    const bars = periods.map((at, number) => ({ at, results: NS.data.audit_history.totals[number][0], failed: NS.data.audit_history.totals[number][1] }));
    return [
      plot({ height: 180, ...few(bars.length), x: { type: "band", label: null, tickFormat: sparse(bars.length, NS.data.audit_history.unit === "day" ? "%d %b" : "%d %b\n%H:%M") }, y: { grid: true, label: "results" },
        marks: [Plot.barY(bars, { x: "at", y: "results", fill: COLORS.green, fillOpacity: 0.7, title: (bar) => `${NS.period(bar.at)}: ${bar.failed} of ${bar.results} failed` }), Plot.barY(bars, { x: "at", y: "failed", fill: COLORS.red }), Plot.ruleY([0])] }),
      failed.length ? NS.table([model,
        { head: "audit", cell: (row) => h("span", { class: "mono" }, row.audit) },
        { head: "history", cell: (row) => NS.strip(`${row.model}|${row.audit}|${row.arguments}`) || "" },
        { head: "failed of all", number: true, phone: "failed of all", cell: (row) => `${row.failed} of ${row.results}` },
        { head: "last failure", value: (row) => row.failed_at, cell: (row) => NS.time(row.failed_at) }], failed) : h("p", {}, "None failed.")];
  };

  const ticks = (rows) => plot({ height: 200, x: times, y: { grid: true, label: "seconds", zero: true }, color: { legend: true },
    marks: [Plot.ruleX(rows, { x: "at", y: "seconds", stroke: "status" }), Plot.dot(rows, { x: "at", y: "seconds", fill: "status", r: 4, tip: { channels: { rows: "rows_landed", models: "models_run" } } })] });

  /* A view writes no rows: it ran for its audits. */
  const lastRun = (rows) => {
    const isView = (row) => (NS.models.get(row.model) || {}).kind === "view";
    const failed = rows.filter((row) => row.is_failed).length;
    return [h("p", {}, `${NS.plural(rows.length, "model")} in ${d3.sum(rows, (row) => row.seconds).toFixed(0)} s of work; ${failed ? `${failed} failed` : "none failed"}.${rows.length > 20 ? " The 20 slowest, failed ones first:" : ""}`),
      NS.table([model,
        { head: "", optional: true, cell: (row) => (row.is_failed ? h("span", { class: "badge failed" }, "failed") : "") },
        { head: "through", value: (row) => row.interval_end, cell: (row) => NS.time(row.interval_end) },
        { head: "rows written", number: true, phone: "rows written", value: (row) => (isView(row) ? null : row.row_count), cell: (row) => (isView(row) ? h("span", { class: "soft" }, "view") : NS.number.format(row.row_count)) },
        { head: "seconds", number: true, phone: "seconds", value: (row) => row.seconds, cell: (row) => row.seconds.toFixed(2) }], rows.slice(0, 20))];
  };

  /* One line a mart: it is as complete as the slowest of its sources. */
  const freshness = (rows) => {
    const marts = [...d3.group(rows, (row) => row.mart)].map(([mart, sources]) => {
      const behind = d3.max(sources, (row) => row.lag_minutes);
      const slow = sources.filter((row) => row.lag_minutes === behind);
      return { mart, behind, through: slow[0].complete_through, by: (slow.length < sources.length ? slow : []).map((row) => row.source).join(", ") };
    });
    return NS.table([
      { head: "mart", value: (row) => row.mart, cell: (row) => NS.modelLink(row.mart) },
      { head: "complete through", value: (row) => row.through, cell: (row) => NS.time(row.through) },
      { head: "behind the last tick", number: true, phone: "minutes behind", value: (row) => row.behind, cell: (row) => `${NS.number.format(row.behind)} min` },
      { head: "held up by", optional: true, value: (row) => row.by, cell: (row) => row.by }], marts);
  };

  NS.pages.health = () => {
    const health = NS.data.health;
    const runs = (health.ticks || []).map((tick) => ({ ...tick, at: date(tick.tick_at) }));
    return [
      h("h1", {}, "Health of the warehouse"),
      part("How far marts are", "As complete as the slowest source behind each.", health.freshness, freshness),
      part("Latency", "From a commit at the source to a row that can be queried in a mart: the median change of each tick, by source, against 45 minutes (dashed). The scale is logarithmic. Replays of the past, whose changes are younger than their tick, are left out.", health.latency, latency),
      part("Quarantine", "Records that a batch held back, by the day on which they were loaded.", health.quarantine, quarantine),
      part("Audits", `Results a ${NS.data.audit_history.unit}; failures are named below.`, health.audits && NS.data.audit_history.periods, audited((health.audits || []).filter((row) => row.failed))),
      part("Ticks", "How long each took, and how it ended.", runs, ticks),
      part("What the last tick ran", "The seconds of a model include its audits.", health.last_run, lastRun),
    ];
  };
  NS.pages.health.title = () => "Health of the warehouse";
})();
