// Says how much room is left in a text; the limit itself is checked on the server.
for (const box of document.querySelectorAll("[data-counter]")) {
  const line = document.getElementById(`${box.id}-counter`);
  if (!line) continue;
  const max = Number(box.dataset.counter);
  const show = () => {
    const n = [...box.value].length;
    line.textContent = line.dataset.counterText.replace("{n}", n.toLocaleString()).replace("{max}", max.toLocaleString());
    line.classList.toggle("field__counter--over", n > max);
  };
  box.addEventListener("input", show);
  show();
}
