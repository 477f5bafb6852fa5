// Follows long work: moves the bar, and loads the page once when the work has ended. Without it the page renews itself.
const box = document.querySelector("[data-job]");
const bar = box.querySelector("progress"), text = box.querySelector(".progress__text");
let wait = 1500;

async function look() {
  try {
    const reply = await fetch(box.dataset.job, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (!reply.ok || reply.redirected) throw new Error(String(reply.status));
    const now = await reply.json();
    if (!now.open || now.state !== box.dataset.state || (now.total && !bar)) { location.reload(); return; }
    if (bar && now.total) {
      bar.max = now.total;
      bar.value = now.done;
      text.textContent = `${now.done.toLocaleString()} / ${now.total.toLocaleString()} (${Math.floor((100 * now.done) / now.total)}%)`;
    }
    wait = 1500;
  } catch {
    wait = Math.min(wait * 2, 30000);
  }
  setTimeout(look, wait);
}
setTimeout(look, wait);
