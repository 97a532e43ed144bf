"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  // Above the heads of the columns stand those of their groups.
  const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
  heads.forEach((head, column) => {
    const button = head.querySelector("button");
    button.addEventListener("click", () => {
      const before = head.getAttribute("aria-sort");
      const first = head.dataset.first || "ascending";
      const other = first === "ascending" ? "descending" : "ascending";
      const order = before === first ? other : first;
      heads.forEach((one) => one.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      const key = (row) => row.cells[column].dataset.value;
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => {
        const [left, right] = [key(a), key(b)];
        // What isn't known stands last in both orders.
        if (left === undefined || right === undefined) {
          return (left === undefined) - (right === undefined);
        }
        if (column === 0) return sign * left.localeCompare(right, undefined, { numeric: true });
        return sign * (Number(left) - Number(right));
      });
      table.tBodies[0].append(...rows);
    });
  });
}
// What says that a table scrolls is there while it does.
for (const box of document.querySelectorAll(".table")) {
  const hint = document.getElementById(box.getAttribute("aria-describedby"));
  new ResizeObserver(() => { hint.hidden = box.scrollWidth <= box.clientWidth + 1; }).observe(box);
}
