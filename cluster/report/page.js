for (const code of document.querySelectorAll("[data-copy]")) {
  code.addEventListener("click", async () => {
    await navigator.clipboard.writeText(code.dataset.copy);
    code.classList.add("copied");
    setTimeout(() => code.classList.remove("copied"), 1200);
  });
}
const openForPrint = [];
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details:not([open])")) {
    details.open = true;
    openForPrint.push(details);
  }
});
addEventListener("afterprint", () => {
  for (const details of openForPrint.splice(0)) details.open = false;
});
