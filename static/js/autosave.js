// Keeps the draft while a person types. A failure never clears the screen; it says so and tries again.
const PAUSE = 1500, RETRY = 15000;

for (const form of document.querySelectorAll("form[data-autosave]")) {
  const line = form.querySelector("[data-autosave-status]") ?? document.querySelector("[data-autosave-status]");
  let timer = 0, running = false, again = false, stopped = false, waiting = null;

  const tell = (state, more = "") => {
    if (!line) return;
    line.dataset.state = state;
    line.textContent = `${line.dataset[state] ?? ""} ${more}`.trim();
  };
  const later = (ms) => { clearTimeout(timer); timer = setTimeout(save, ms); };

  async function save() {
    clearTimeout(timer);
    if (stopped) return;
    if (running) { again = true; return; }
    running = true;
    tell("saving");
    try {
      const data = new FormData(form);
      for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
      const reply = await fetch(form.dataset.autosave, {
        method: "POST", body: data, credentials: "same-origin",
        headers: { Accept: "application/json", "X-Requested-With": "fetch" }, signal: AbortSignal.timeout(10000),
      });
      if (reply.status === 409) { stopped = true; tell("stale"); return; }
      if (!reply.ok || reply.redirected) throw new Error(String(reply.status));
      const answer = await reply.json();
      if (answer.version !== undefined && form.elements.version) form.elements.version.value = answer.version;
      form.dataset.dirty = "";
      tell("saved", answer.saved_at ?? "");
    } catch {
      tell("failed");
      later(RETRY);
    } finally {
      running = false;
      if (waiting) { const { submitter } = waiting; waiting = null; again = false; form.requestSubmit(submitter ?? undefined); }
      else if (again) { again = false; later(PAUSE); }
    }
  }

  form.addEventListener("input", () => { form.dataset.dirty = "1"; later(PAUSE); });
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    // A draft on its way would make the person's own save look stale: let it arrive first.
    if (running) { event.preventDefault(); event.stopPropagation(); waiting = event; return; }
    setTimeout(() => { if (!event.defaultPrevented) stopped = true; else if (form.dataset.dirty) later(PAUSE); });
  });
  document.addEventListener("portal:save", () => { if (form.dataset.dirty) save(); });
}
