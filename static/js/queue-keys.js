// j and k walk the rows of a queue; Enter opens the row, because the row's own link has the focus.
const links = () => [...document.querySelectorAll("table[data-queue] tbody tr")].map((row) => row.querySelector("a[href]")).filter(Boolean);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
  const step = { j: 1, k: -1, "ㅓ": 1, "ㅏ": -1 }[event.key];
  if (!step) return;
  const all = links();
  // who comes back from a case goes on from its row
  const at = document.activeElement.closest("tr") ?? document.querySelector("table[data-queue] tr:target");
  const here = all.findIndex((link) => link.closest("tr") === at);
  const next = all[here < 0 ? (step > 0 ? 0 : all.length - 1) : here + step];
  if (next) { event.preventDefault(); next.focus(); next.scrollIntoView({ block: "nearest" }); }
});
