const body = document.getElementById("log");
const WAYS = {
  app: ["Meridian Care", "Outlook"],
  outlook: ["Outlook", "Meridian Care"],
  calbridge: ["Calbridge", ""],
};
const STATES = { waiting: "on its way", sent: "on its way", refused: "refused", kept: "stays here", note: "", done: "done" };

export function showLog(lines) {
  body.replaceChildren(...lines.map(row));
}

function row(line) {
  const element = document.createElement("tr");
  element.className = line.state;
  element.dataset.side = line.side;
  element.dataset.state = line.state;
  if (line.lag !== null) element.dataset.lag = line.lag;
  const [from, to] = WAYS[line.side];
  const way = cell("way");
  const start = document.createElement("i");
  start.className = `from-${line.side}`;
  start.textContent = from;
  way.append(start, to && line.state !== "kept" ? ` → ${to}` : "");
  const what = cell("what", line.text);
  const more = [line.who, line.detail].filter(Boolean).join(". ");
  if (more) {
    const detail = document.createElement("span");
    detail.className = "detail";
    detail.textContent = more;
    what.append(detail);
  }
  const lag = line.lag === null ? STATES[line.state] : `${line.lag.toLocaleString("en-GB")} ms`;
  const time = new Date(line.time).toLocaleTimeString("en-GB");
  element.append(cell("time", time), way, what, cell(`lag ${line.state}`, lag));
  return element;
}

function cell(name, text = "") {
  const element = document.createElement("td");
  element.className = name;
  element.textContent = text;
  return element;
}
