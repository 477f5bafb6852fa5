// Keeps the address of a filtered list short; sends at each change where the form says so.
for (const form of document.querySelectorAll("form[data-filters]")) {
  form.addEventListener("submit", () => {
    for (const control of form.elements) {
      if (control.name && control.value === "" && control.type !== "submit") control.disabled = true;
    }
  });
  if (form.dataset.filters === "auto") {
    form.addEventListener("change", (event) => {
      if (event.target.matches("select, [type=checkbox], [type=radio]")) form.requestSubmit();
    });
  }
}
// Back from the browser's cache the emptied controls must be usable again.
addEventListener("pageshow", () => {
  for (const control of document.querySelectorAll("form[data-filters] :disabled")) control.disabled = false;
});
