import { ask } from "./api.js";
import { attempt, say } from "./notice.js";

const box = document.getElementById("people");
const whole = document.getElementById("connect-all");

/** `page` knows the chosen person and the paths; `choose` is called with an address. */
export function showPeople({ organisation, people }, page, choose) {
  box.replaceChildren(...people.map((person) => card(person, organisation, page, choose)));
  whole.hidden = Boolean(organisation);
  whole.onclick = () => attempt(() => leaveFor(`${page.paths().tenant}/connect`));
}

function card(person, organisation, page, choose) {
  const element = document.createElement("div");
  element.className = `person${person.address === page.person ? " chosen" : ""}`;
  element.dataset.address = person.address;
  element.dataset.state = person.state;
  element.title = `${person.role}, ${person.address}`;
  const name = document.createElement("button");
  name.className = "name";
  name.textContent = person.name;
  const state = document.createElement("span");
  state.className = `state ${person.state}`;
  state.textContent = person.label;
  state.title = person.cause;
  element.append(name, state, ...action(person, organisation, page));
  element.onclick = () => choose(person.address);
  return element;
}

function action(person, organisation, page) {
  const base = `${page.paths().tenant}/people/${encodeURIComponent(person.address)}`;
  const off = ["not_connected", "disconnected", "consent_pending"].includes(person.state);
  if (off && organisation) {
    return [button("Switch on", "", () => ask("POST", `${base}/switch-on`))];
  }
  if (off) return [button("Connect", "", () => leaveFor(`${base}/connect`))];
  if (person.state === "action_required") {
    return [button("Reconnect", "", () => leaveFor(`${base}/connect`))];
  }
  if (person.connection.startsWith("organisation") || person.state === "disconnecting") return [];
  return [
    button("✕", "end", async () => {
      if (!confirm(`Disconnect ${person.name}? Events in Outlook stay.`)) return;
      await ask("POST", `${base}/disconnect`);
      say(`${person.name} is disconnected. Nothing crosses any more.`);
    }),
  ];
}

function button(text, mark, work) {
  const element = document.createElement("button");
  element.textContent = text;
  element.className = `act ${mark}`;
  if (mark) element.title = "Disconnect";
  element.onclick = (event) => {
    event.stopPropagation();
    attempt(work);
  };
  return element;
}

async function leaveFor(path) {
  location.href = (await ask("POST", path)).url;
}
