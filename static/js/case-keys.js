// The evaluator's items without a mouse: j and k go from item to item, 1, 2 and 3 choose the verdict of the item in focus,
// [ and ] go to the case before and after this one.
const items = [...document.querySelectorAll(".case-item")];
const verdicts = (item) => [...item.querySelectorAll('input[type="radio"]')];

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("textarea, select, dialog, input:not([type=radio])");
  if (event.ctrlKey || event.metaKey || event.altKey || typing) return;
  const away = { "[": "prev", "]": "next" }[event.key];
  if (away) { document.querySelector(`.case-place a[rel="${away}"]`)?.click(); return; }
  const here = items.findIndex((item) => item.contains(document.activeElement));
  const step = { j: 1, k: -1, "ㅓ": 1, "ㅏ": -1 }[event.key];
  if (step) {
    const next = items[here < 0 ? (step > 0 ? 0 : items.length - 1) : here + step];
    if (!next) return;
    event.preventDefault();
    (verdicts(next).find((radio) => radio.checked) ?? verdicts(next)[0]).focus();
    next.scrollIntoView({ block: "center" });
  } else if (here >= 0 && ["1", "2", "3"].includes(event.key)) {
    event.preventDefault();
    const radio = verdicts(items[here])[Number(event.key) - 1];
    radio.click();
    radio.focus();
  }
});
