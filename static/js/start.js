// Loads a behaviour only on a page that has something for it. Every page works without any of them.
const behaviours = {
  "form[data-autosave]": "./autosave.js",
  "[data-confirm]": "./confirm.js",
  "form[data-filters]": "./filters.js",
  "form[data-live]": "./live.js",
  "[data-counter]": "./counter.js",
  "table[data-queue]": "./queue-keys.js",
  "form.case-form": "./case-keys.js",
  "[data-job]": "./job.js",
  "#session-warning": "./session.js",
};
for (const [selector, file] of Object.entries(behaviours)) {
  if (document.querySelector(selector)) import(file);
}
// After a refused form the summary of errors is the first thing read.
document.querySelector("[data-focus]")?.focus();
