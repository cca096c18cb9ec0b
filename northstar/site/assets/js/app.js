/* Which page is shown: the part of the address behind #/. */
"use strict";
(() => {
  const { h } = NS;
  const main = document.getElementById("main");
  const sections = { models: "models", model: "models", column: "models", metrics: "metrics", metric: "metrics", readers: "readers", reader: "readers", matrix: "matrix", pictures: "pictures", health: "health" };

  const show = () => {
    if (location.hash && !location.hash.startsWith("#/")) return;
    const [name = "", ...rest] = location.hash.replace(/^#\//, "").split("/").map(decodeURIComponent);
    const page = NS.pages[name || "home"];
    const content = page ? page(...rest) : null;
    main.replaceChildren(...[content || [h("h1", {}, "There is no such page"), h("p", {}, "It may have been renamed: ", h("a", { href: "#/models" }, "all models"), ".")]].flat(Infinity).filter(Boolean));
    document.title = content ? [page.title(...rest), "Northstar warehouse"].filter((text, position, all) => all.indexOf(text) === position).join(" · ") : "Not found";
    for (const link of document.querySelectorAll(".top nav a")) {
      if (link.getAttribute("href") === `#/${sections[name]}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    scrollTo(0, 0);
    if (show.again) main.focus({ preventScroll: true });
    show.again = true;
  };
  document.getElementById("foot").append(h("span", {}, `Built ${NS.time(NS.data.built_at)}`), h("span", {}, h("kbd", {}, "/"), " searches, arrows and Enter choose"), h("span", {}, "Times in UTC; a half-open end is not included"));
  addEventListener("hashchange", show);
  show();
})();
