// Asks once more before something that cannot be taken back. Without JavaScript the form is simply sent.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const text = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (!text || form.dataset.confirmed) { delete form.dataset.confirmed; return; }
  event.preventDefault();

  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  const words = document.createElement("p");
  words.textContent = text;
  words.id = "confirm-text";
  dialog.setAttribute("aria-labelledby", words.id);
  const row = document.createElement("div");
  row.className = "button-row button-row--end";
  const make = (label, kind) => {
    const b = document.createElement("button");
    b.type = "button";
    b.className = `button ${kind}`;
    b.textContent = label;
    row.append(b);
    return b;
  };
  make(document.body.dataset.no, "button--second").addEventListener("click", () => dialog.close());
  make(document.body.dataset.yes, "").addEventListener("click", () => {
    dialog.close();
    form.dataset.confirmed = "1";
    form.requestSubmit(event.submitter ?? undefined);
  });
  dialog.append(words, row);
  dialog.addEventListener("close", () => { dialog.remove(); event.submitter?.focus(); });
  document.body.append(dialog);
  dialog.showModal();
});
