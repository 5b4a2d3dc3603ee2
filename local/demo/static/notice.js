const box = document.getElementById("notice");
let timer = 0;

/** One sentence above the calendars; it goes by itself unless it is bad news. */
export function say(text, kind = "") {
  clearTimeout(timer);
  box.textContent = text;
  box.className = `notice ${kind}`;
  box.hidden = !text;
  if (text) timer = setTimeout(() => (box.hidden = true), kind === "bad" ? 20000 : 6000);
}

/** Runs what may fail, and says so when it does. Returns whether it went well. */
export async function attempt(work) {
  try {
    await work();
    return true;
  } catch (error) {
    say(error.message, "bad");
    return false;
  }
}
