// Search while one types, without loading the page: fetches the same address and takes its list over. Facets, order and
// pages in the list follow the same way, and the address always holds the whole query.
const form = document.querySelector("form[data-live]");
const box = form.querySelector("[type=search]");
const list = () => document.getElementById(form.dataset.live);
const said = document.createElement("p");
said.className = "visually-hidden";
said.setAttribute("role", "status");
form.after(said);
let asked = null, timer = 0, isComposing = false;

function typed() {
  const url = new URL(location.href);
  url.searchParams.delete("page");
  if (box.value.trim()) url.searchParams.set("q", box.value); else url.searchParams.delete("q");
  url.hash = "";
  return keeping(url);
}

// Suppliers chosen to be compared stay chosen in every other list.
const boxes = () => [...list().querySelectorAll("[name=with]")];
function keeping(url) {
  url.searchParams.delete("with");
  for (const one of boxes()) if (one.checked) url.searchParams.append("with", one.value);
  return url;
}
function limit() {
  const most = Number(list().querySelector("[data-most]")?.dataset.most);
  const isFull = boxes().filter((one) => one.checked).length >= most;
  for (const one of boxes()) one.disabled = isFull && !one.checked;
}

async function show(url, { push, focus }) {
  asked?.abort();
  const mine = (asked = new AbortController());
  list().setAttribute("aria-busy", "true");
  try {
    const reply = await fetch(url, { signal: mine.signal, credentials: "same-origin" });
    if (!reply.ok || reply.redirected) throw new Error(String(reply.status));
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const fresh = page.getElementById(form.dataset.live);
    if (!fresh) throw new Error("another page");
    list().replaceWith(document.adoptNode(fresh));
    limit();
    for (const old of form.querySelectorAll("[type=hidden]")) old.remove();
    for (const input of page.querySelectorAll("form[data-live] [type=hidden]")) form.prepend(document.adoptNode(input));
    if (String(url) !== location.href) history[push ? "pushState" : "replaceState"](null, "", url);
    said.textContent = list().querySelector("[data-said]")?.textContent ?? "";
    if (focus) {
      const same = focus.href && [...list().querySelectorAll("a[href]")].find((link) => link.textContent === focus.text);
      (same ?? list().querySelector("[data-said]"))?.focus();
    }
  } catch (error) {
    if (error.name !== "AbortError") location.assign(url); // the page itself says what is wrong
  } finally {
    if (asked === mine) list()?.removeAttribute("aria-busy");
  }
}

box.addEventListener("compositionstart", () => { isComposing = true; });
box.addEventListener("compositionend", () => { isComposing = false; });
box.addEventListener("input", () => {
  clearTimeout(timer);
  // a syllable that is being put together is searched too, only a little later
  timer = setTimeout(() => { if (String(typed()) !== location.href) show(typed(), { push: false }); }, isComposing ? 500 : 250);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  show(typed(), { push: true });
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || !list().contains(link) || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const url = new URL(link.href);
  if (url.pathname !== location.pathname || url.hash) return;
  event.preventDefault();
  box.value = url.searchParams.get("q") ?? "";
  show(keeping(url), { push: true, focus: { href: link.href, text: link.textContent } });
});
document.addEventListener("change", (event) => { if (event.target.name === "with") limit(); });
limit();
addEventListener("popstate", () => {
  box.value = new URL(location.href).searchParams.get("q") ?? "";
  show(new URL(location.href), { push: false });
});
