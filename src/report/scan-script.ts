/** @file What moves on the scan page: the measure of the map, the chosen spectrum, order and filter of the table. Runs in a browser. */
import { spectrumScript } from "./scan-spectrum-chart.js";

/** Reads the element `look`; everything is there without it, in its first state. */
export const scanScript = `"use strict";
const look = JSON.parse(document.getElementById("look").textContent);
const byId = (id) => document.getElementById(id);
${spectrumScript}

const chooser = byId("measure");
if (chooser) {
  const buttons = [...document.querySelectorAll("[data-cell]")];
  const scale = byId("scale").children;
  const colour = () => {
    const { cells, legend } = look.measures[chooser.selectedIndex];
    for (const button of buttons) {
      const [shade, text, range] = cells[Number(button.dataset.cell)] ?? [0, "\\u2013"];
      const title = button.dataset.name + ": " + text + (range ? " (" + range + ")" : "");
      button.textContent = text;
      button.title = title;
      button.setAttribute("aria-label", title);
      button.className = "cell " + (shade < 0 ? "below" : "above");
      button.style.setProperty("--shade", Math.abs(shade));
    }
    scale[0].textContent = legend[0] ?? "";
    scale[1].hidden = legend[0] === null;
    scale[2].textContent = legend[1];
    scale[4].textContent = legend[2];
  };
  chooser.disabled = false;
  chooser.addEventListener("change", colour);
  if (chooser.selectedIndex > 0) colour();
  const experts = byId("experts");
  if (experts) {
    const show = () => {
      for (const row of document.querySelectorAll("tr.expert")) row.hidden = !experts.checked;
    };
    experts.disabled = false;
    experts.addEventListener("change", show);
    show();
  }
}

const matrixChooser = byId("matrix");
// By place: the places of all in the same cell, experts mostly.
const together = new Map();
for (const button of document.querySelectorAll("[data-places]")) {
  const places = button.dataset.places.split(" ").map(Number);
  for (const place of places) together.set(place, places);
}
const nameOf = (index) => matrixChooser.options[index].textContent;
const others = document.createElement("label");
const othersCount = document.createElement("span");
const othersChooser = document.createElement("select");
let offered = null;
function offerOthers(index) {
  const places = together.get(index);
  others.hidden = places === undefined;
  if (places === undefined) return;
  if (places !== offered) {
    offered = places;
    othersCount.textContent = "One of " + places.length + " in its cell";
    othersChooser.replaceChildren(
      ...places.map((place) => {
        const option = document.createElement("option");
        option.value = place;
        option.textContent = nameOf(place);
        return option;
      }),
    );
  }
  othersChooser.options[places.indexOf(index)].selected = true;
}
function choose(index) {
  const { itself, change } = look.spectra[index];
  drawSpectrum(byId("spectrum-itself"), itself);
  if (byId("spectrum-change")) drawSpectrum(byId("spectrum-change"), change);
  byId("spectrum-name").textContent = nameOf(index);
  matrixChooser.selectedIndex = index;
  offerOthers(index);
}
function chooseAndShow(index) {
  choose(index);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  byId("spectrum").scrollIntoView({ behavior: still ? "auto" : "smooth", block: "nearest" });
}
if (matrixChooser) {
  matrixChooser.disabled = false;
  matrixChooser.addEventListener("change", () => choose(matrixChooser.selectedIndex));
  others.id = "others";
  others.append(othersCount, " ", othersChooser);
  matrixChooser.closest("p").append(" ", others);
  othersChooser.addEventListener("change", () => choose(Number(othersChooser.value)));
  choose(matrixChooser.selectedIndex);
  for (const button of document.querySelectorAll("[data-cell]"))
    button.addEventListener("click", () => chooseAndShow(look.first[Number(button.dataset.cell)]));
}

const table = document.querySelector("#all table");
if (table) {
  const body = table.tBodies[0];
  if (matrixChooser) {
    for (const row of body.rows) {
      const pick = document.createElement("button");
      pick.type = "button";
      pick.className = "pick";
      pick.title = "Show its spectrum";
      pick.textContent = row.cells[0].textContent;
      row.cells[0].replaceChildren(pick);
    }
    table.classList.add("pickable");
    body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      const picked = event.target.closest(".pick") !== null;
      if (row && (picked || String(getSelection()) === "")) chooseAndShow(Number(row.dataset.place));
    });
  }
  for (const [column, heading] of [...table.tHead.rows[table.tHead.rows.length - 1].cells].entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.textContent = heading.textContent;
    if (heading.hasAttribute("aria-label")) button.setAttribute("aria-label", heading.getAttribute("aria-label"));
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const descending = heading.getAttribute("aria-sort") === "ascending";
      for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const key = (row) => {
        const { dataset, textContent } = row.cells[column];
        if (dataset.sort === undefined) return textContent === "" ? null : textContent;
        return dataset.sort === "" ? null : Number(dataset.sort);
      };
      const rows = [...body.rows].sort((a, b) => {
        const [first, second] = [key(a), key(b)];
        if (first === null || second === null) return (first === null) - (second === null);
        const order = typeof first === "number" ? first - second : first.localeCompare(second, "en", { numeric: true });
        return descending ? -order : order;
      });
      body.append(...rows);
    });
  }
  const filter = byId("filter");
  filter.disabled = false;
  const keep = () => {
    const wanted = filter.value.toLowerCase();
    let kept = 0;
    for (const row of body.rows) {
      row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted);
      if (!row.hidden) kept++;
    }
    byId("kept").textContent = wanted === "" ? "" : kept + " of " + body.rows.length;
  };
  filter.addEventListener("input", keep);
  keep();
}
`;
