"use strict";
(() => {
  const root = document.documentElement;
  const find = (id) => document.getElementById(id);
  const NUMBERS = ["was", "will_be", "difference", "percent"];
  const COLUMNS = ["contract", "customer", "plan", "currency", "status", ...NUMBERS];
  const CONTROLS = ["q", "show", "currency", "cause"].map(find).filter(Boolean);
  const PLACES = 12;
  root.classList.add("js");

  // Light or dark: as the system has it until the button is pressed.
  const theme = find("theme");
  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const nameTheme = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
  theme.hidden = false;
  theme.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; nameTheme(); });
  nameTheme();

  // The charts of one currency at a time.
  const tabs = document.querySelector(".tabs");
  const chartsOf = (currency) => {
    for (const tab of tabs.children) tab.setAttribute("aria-pressed", String(tab.dataset.currency === currency));
    for (const pair of document.querySelectorAll(".pair")) pair.hidden = pair.dataset.charts !== currency;
  };
  if (tabs) {
    tabs.hidden = false;
    for (const tab of tabs.children) tab.addEventListener("click", () => chartsOf(tab.dataset.currency));
    chartsOf(tabs.children[0].dataset.currency);
  }

  const list = find("list");
  if (!list) return;
  const contracts = [...list.tBodies];
  const count = find("count");
  const all = count.textContent;
  const order = new Map(contracts.map((one, index) => [one, index]));
  const collator = new Intl.Collator(undefined, { numeric: true });
  const sorted = { key: "", down: false };

  // Letters without their marks, so that "sahin" finds "Şahin".
  const folded = (text) =>
    text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replaceAll("ı", "i");
  for (const one of contracts) one.words = folded(one.dataset.found);

  // Money is added up as whole numbers of its smallest decimal place, so that sums are exact.
  const units = (amount) => {
    const [whole, rest = ""] = amount.split(".");
    return BigInt(whole + rest.padEnd(PLACES, "0"));
  };
  const written = (sum, places) => {
    const digits = String(sum < 0n ? -sum : sum).padStart(PLACES + 1, "0");
    const whole = digits.slice(0, -PLACES).replace(/\B(?=(\d{3})+$)/g, ",");
    const rest = digits.slice(-PLACES).slice(0, places);
    return (sum < 0n ? "-" : sum > 0n ? "+" : "") + whole + (places ? "." + rest : "");
  };

  const value = (id) => { const control = find(id); return control ? control.value : ""; };
  const isShown = (one) => {
    const { currency, causes, difference, status, shielded } = one.dataset;
    const show = value("show");
    const words = folded(value("q")).split(/\s+/);
    return words.every((word) => one.words.includes(word))
      && (!value("currency") || value("currency") === currency)
      && (!value("cause") || causes.includes(` ${value("cause")} `))
      && (!show || show === status || (show === "shielded" && Boolean(shielded))
        || (show === "up" && Number(difference) > 0) || (show === "down" && Number(difference) < 0));
  };

  const shown = () => contracts.filter((one) => !one.hidden);
  const say = () => {
    const found = shown();
    if (found.length === contracts.length) { count.textContent = all; return; }
    const sums = new Map(), places = new Map();
    for (const one of found) {
      const { currency, difference } = one.dataset;
      sums.set(currency, (sums.get(currency) ?? 0n) + units(difference));
      places.set(currency, Math.max(places.get(currency) ?? 0, (difference.split(".")[1] ?? "").length));
    }
    const money = [...sums].sort().map(([currency, sum]) => `${currency} ${written(sum, places.get(currency))}`);
    count.textContent = [`${found.length} of ${contracts.length} contracts`, ...money].join(" · ");
  };

  const compare = (one, other) => {
    const [first, second] = [one.dataset[sorted.key], other.dataset[sorted.key]];
    if (first === "" || second === "") return (first === "") - (second === "");
    const by = NUMBERS.includes(sorted.key) ? Number(first) - Number(second) : collator.compare(first, second);
    return (sorted.down ? -by : by) || order.get(one) - order.get(other);
  };
  const sort = () => {
    if (sorted.key) contracts.sort(compare);
    else contracts.sort((one, other) => order.get(one) - order.get(other));
    list.append(...contracts);
    for (const head of list.tHead.querySelectorAll("[data-key]")) {
      head.setAttribute("aria-sort", head.dataset.key !== sorted.key ? "none" : sorted.down ? "descending" : "ascending");
    }
  };

  // What is searched and sorted stands in the address, so that a view can be passed on.
  const remember = () => {
    const state = new URLSearchParams();
    for (const control of CONTROLS) if (control.value) state.set(control.id, control.value);
    if (sorted.key) state.set("sort", (sorted.down ? "-" : "") + sorted.key);
    history.replaceState(null, "", String(state) ? `#${state}` : location.pathname + location.search);
  };
  const filter = () => { for (const one of contracts) one.hidden = !isShown(one); say(); };
  const recall = () => {
    const state = new URLSearchParams(location.hash.slice(1));
    for (const control of CONTROLS) control.value = state.get(control.id) ?? "";
    const key = state.get("sort") ?? "";
    sorted.key = key.replace(/^-/, "");
    sorted.down = key.startsWith("-");
    sort();
    filter();
    for (const one of contracts) if (state.getAll("open").includes(one.dataset.contract)) toggle(one);
  };

  const toggle = (one) => {
    const isOpen = one.classList.toggle("open");
    one.querySelector(".toggle").setAttribute("aria-expanded", String(isOpen));
  };
  contracts.forEach((one, index) => {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "toggle" });
    one.rows[1].id = `more-${index}`;
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-controls", one.rows[1].id);
    button.setAttribute("aria-label", `Lines and causes of ${one.dataset.contract}`);
    one.querySelector("th").prepend(button);
    one.rows[0].addEventListener("click", () => { if (!String(getSelection())) toggle(one); });
  });
  for (const head of list.tHead.querySelectorAll("[data-key]")) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "sort", textContent: head.textContent });
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const isNumber = NUMBERS.includes(head.dataset.key);
      sorted.down = sorted.key === head.dataset.key ? !sorted.down : isNumber;
      sorted.key = head.dataset.key;
      sort();
      remember();
    });
  }
  const filters = find("filters");
  filters.hidden = false;
  filters.addEventListener("input", () => { filter(); remember(); });
  filters.addEventListener("submit", (event) => event.preventDefault());
  find("clear").addEventListener("click", () => {
    filters.reset();
    sorted.key = "";
    sort();
    filter();
    remember();
  });
  for (const button of document.querySelectorAll("[data-cause]")) {
    button.addEventListener("click", () => {
      const cause = find("cause");
      if (cause) { cause.value = button.dataset.cause; filter(); remember(); }
      find("contracts").focus();
      find("contracts").scrollIntoView();
    });
  }

  // What a spreadsheet would take for a formula is marked as text.
  const cell = (text) => `"${(/^[=+@\t-]/.test(text) && Number.isNaN(Number(text)) ? "'" + text : text).replaceAll('"', '""')}"`;
  find("csv").addEventListener("click", () => {
    const rows = [COLUMNS, ...shown().map((one) => COLUMNS.map((column) => one.dataset[column]))];
    const text = "\ufeff" + rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = "contracts.csv";
    link.click();
    URL.revokeObjectURL(link.href);
  });
  addEventListener("hashchange", recall);
  recall();
})();
