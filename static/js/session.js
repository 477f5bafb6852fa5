// Two minutes before the session ends: keep the draft, then ask whether the person is still there.
const AHEAD = 120;
const warning = document.getElementById("session-warning");
let timer = 0;

const arm = () => {
  clearTimeout(timer);
  timer = setTimeout(warn, Math.max(5, Number(warning.dataset.seconds) - AHEAD) * 1000);
};

function warn() {
  document.dispatchEvent(new Event("portal:save"));
  const dialog = warning.content.firstElementChild.cloneNode(true);
  dialog.querySelector("[data-stay]").addEventListener("click", async () => {
    try {
      const reply = await fetch(warning.dataset.ask, { credentials: "same-origin", headers: { "X-Requested-With": "fetch" } });
      if (reply.ok && !reply.redirected) { dialog.close(); arm(); return; }
    } catch { /* told below; what was typed stays on the page */ }
    dialog.querySelector("p").textContent = warning.dataset.lost;
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

arm();
