/** @file What moves on the scan page: the measure of the map, the chosen spectrum, order and filter of the table. Runs in a browser. */

/** Reads the element `look`; everything is there without it, in its first state. */
export const scanScript = `"use strict";
const look = JSON.parse(document.getElementById("look").textContent);
const byId = (id) => document.getElementById(id);
const shade = (value) => "color-mix(in srgb, var(--series-" + (value < 0 ? 1 : 2) + ") " + Math.round(Math.abs(value) * 70) + "%, transparent)";

const chooser = byId("measure");
if (chooser) {
  chooser.disabled = false;
  chooser.addEventListener("change", () => {
    const cells = look.cells[chooser.selectedIndex];
    for (const button of document.querySelectorAll("[data-cell]")) {
      const cell = cells[Number(button.dataset.cell)];
      button.textContent = cell ? cell[1] : "\\u2013";
      button.style.background = cell ? shade(cell[0]) : "";
    }
  });
}

const svg = (name, attributes, text) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
};
const picture = byId("spectrum-picture");
const matrixChooser = byId("matrix");
function draw(index) {
  const { name, rank, value, noise, edge } = look.spectra[index];
  const box = { left: 56, right: 556, top: 16, bottom: 286 };
  picture.replaceChildren();
  if (rank.length === 0) {
    picture.append(svg("text", { x: 60, y: 150, fill: "currentColor" }, "There is no spectrum of this matrix."));
    return;
  }
  const positive = [...value, ...noise].filter((v) => v > 0);
  const high = Math.max(...positive) * 1.15;
  const low = Math.max(Math.min(...positive), high / 1e4) / 1.15;
  const last = rank[rank.length - 1];
  const x = (r) => box.left + (last > 1 ? Math.log(r) / Math.log(last) : 0.5) * (box.right - box.left);
  const y = (v) => box.bottom - ((Math.log(Math.max(v, low)) - Math.log(low)) / (Math.log(high) - Math.log(low))) * (box.bottom - box.top);
  for (let exponent = Math.floor(Math.log10(low)); exponent <= Math.log10(high); exponent++) {
    for (const mantissa of [1, 2, 5]) {
      const tick = mantissa * 10 ** exponent;
      if (tick < low || tick > high) continue;
      picture.append(svg("line", { x1: box.left, x2: box.right, y1: y(tick), y2: y(tick), stroke: "var(--line)" }));
      picture.append(svg("text", { x: box.left - 6, y: y(tick) + 4, "text-anchor": "end", fill: "var(--muted)" }, Number(tick.toPrecision(1)).toString()));
    }
  }
  for (let r = 1; r <= last; r *= 10) {
    picture.append(svg("text", { x: x(r), y: box.bottom + 18, "text-anchor": "middle", fill: "var(--muted)" }, String(r)));
  }
  picture.append(svg("text", { x: (box.left + box.right) / 2, y: box.bottom + 36, "text-anchor": "middle", fill: "var(--muted)" }, "rank (log scale)"));
  const line = (values, stroke, dash) => {
    const points = rank.map((r, i) => x(r).toFixed(1) + "," + y(values[i]).toFixed(1)).join(" ");
    picture.append(svg("polyline", { points, fill: "none", stroke, "stroke-width": 2, "stroke-dasharray": dash }));
  };
  line(noise, "var(--muted)", "4 4");
  line(value, "var(--series-1)", "none");
  if (edge > low && edge < high) {
    picture.append(svg("line", { x1: box.left, x2: box.right, y1: y(edge), y2: y(edge), stroke: "var(--series-2)", "stroke-dasharray": "2 3" }));
    picture.append(svg("text", { x: box.right, y: y(edge) - 5, "text-anchor": "end", fill: "var(--series-2)" }, "edge of the noise"));
  }
  byId("spectrum-name").textContent = name;
  picture.setAttribute("aria-label", "Singular values of " + name + " against noise; the largest is " + value[0].toPrecision(3));
  matrixChooser.selectedIndex = index;
}
if (picture && look.spectra.length > 0) {
  matrixChooser.disabled = false;
  matrixChooser.addEventListener("change", () => draw(matrixChooser.selectedIndex));
  draw(0);
  for (const button of document.querySelectorAll("[data-cell]")) {
    button.addEventListener("click", () => {
      draw(look.first[Number(button.dataset.cell)]);
      byId("spectrum").scrollIntoView({ behavior: "smooth", block: "nearest" });
    });
  }
}

const table = document.querySelector("#all table");
if (table) {
  const body = table.tBodies[0];
  for (const [column, heading] of [...table.tHead.rows[table.tHead.rows.length - 1].cells].entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const descending = heading.getAttribute("aria-sort") === "ascending";
      for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const key = (row) => {
        const { sort } = row.cells[column].dataset;
        return sort === undefined ? row.cells[column].textContent : sort === "" ? null : Number(sort);
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
  filter.addEventListener("input", () => {
    const wanted = filter.value.toLowerCase();
    for (const row of body.rows) row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted);
  });
}
`;
