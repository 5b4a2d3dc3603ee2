for (const button of document.querySelectorAll("button[data-copies]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copies);
    text.select();
    try {
      await navigator.clipboard.writeText(text.value);
    } catch {
      document.execCommand("copy");
    }
    button.textContent = "Copied";
  });
}
const again = document.querySelector("a[data-waits]");
if (again) {
  let left = false;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) left = true;
    else if (left) location.replace(again.href);
  });
}
