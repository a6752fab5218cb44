// What pages do better with script and as well without: a button that copies, where a copy is likely wanted.
"use strict";

for (const copied of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy ${copied.dataset.copy}`);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(copied.textContent.trim());
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  copied.after(button);
}
