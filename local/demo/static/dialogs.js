import { ask } from "./api.js";
import { attempt } from "./notice.js";

const get = (id) => document.getElementById(id);
const SIDES = { app: "Meridian Care", outlook: "Outlook" };
const SYNC = {
  local: "only here",
  waiting: "on its way to Outlook",
  synced: "the same in Outlook",
  refused: "refused by Outlook",
};

/** Resolves with the button that closed it. */
function shown(dialog) {
  dialog.returnValue = "cancel";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
  });
}

export async function create(side, slot, page) {
  const practice = page.practice();
  get("editor-title").textContent = `New in ${SIDES[side]}`;
  get("editor-when").textContent = when(slot);
  get("editor-subject").value = "";
  get("editor-repeats").value = "";
  get("editor-times-label").hidden = true;
  get("editor-repeats").onchange = ({ target }) => (get("editor-times-label").hidden = !target.value);
  get("editor-room").replaceChildren(new Option("None", ""), ...practice.rooms.map(option));
  const others = practice.people.filter((person) => person.address !== page.person);
  get("editor-guests").replaceChildren(...others.map(guest));
  // The first button would be taken by Enter in the title.
  get("editor-subject").onkeydown = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    get("editor-save").click();
  };
  if ((await shown(get("editor"))) !== "save") return;
  await attempt(() => ask("POST", page.paths().of(side), body(slot, practice)));
}

function body(slot, practice) {
  const room = get("editor-room").value;
  const guests = [...get("editor-guests").querySelectorAll(":checked")].map((box) => box.value);
  return {
    ...slot,
    subject: get("editor-subject").value.trim() || "Appointment",
    location: practice.rooms.find((one) => one.address === room)?.name ?? "",
    ...(get("editor-repeats").value
      ? { repeats: get("editor-repeats").value, times: Number(get("editor-times").value) || 2 }
      : {}),
    ...(guests.length || room ? { guests: [...guests, ...(room ? [room] : [])] } : {}),
  };
}

export async function details(side, item, page) {
  get("details-title").textContent = item.subject;
  get("details-facts").replaceChildren(...facts(side, item).flatMap(([name, value]) => pair(name, value)));
  get("details-problem").textContent = item.problem ?? "";
  get("details-problem").hidden = !item.problem;
  get("details-confirm").hidden = side !== "app" || item.status !== "tentative" || !item.editable;
  get("details-delete").textContent = item.series ? "Delete this one" : "Delete";
  get("details-delete-all").hidden = !item.series;
  const path = page.paths().of(side, item.id);
  const chosen = await shown(get("details"));
  if (chosen === "delete") await attempt(() => ask("DELETE", path));
  if (chosen === "delete-all") await attempt(() => ask("DELETE", page.paths().of(side, item.series)));
  const whole = page.paths().of(side, item.series || item.id);
  if (chosen === "confirm") await attempt(() => ask("PATCH", whole, { status: "confirmed" }));
}

function facts(side, item) {
  const own = item.editable ? "" : "an attendee's copy: only the organiser changes it";
  const all = [
    ["When", when(item)],
    ["Repeats", item.series ? "one of a series; moving or deleting concerns this one alone" : ""],
    ["Where", item.location],
    ["With", item.people.join(", ")],
    ["Organiser", item.organizer],
    ["Status", side === "app" ? item.status : item.show_as],
  ];
  if (side === "app") {
    all.push(["Came from", item.origin === "app" ? "Meridian Care" : "Outlook"]);
    all.push(["Version", item.version || "none yet"], ["Sync", SYNC[item.sync]]);
  }
  all.push(["Note", own]);
  return all.filter(([, value]) => value);
}

function pair(name, value) {
  const [term, said] = [document.createElement("dt"), document.createElement("dd")];
  term.textContent = name;
  said.textContent = value;
  return [term, said];
}

function when({ start, end, all_day: allDay }) {
  const day = new Date(`${start.slice(0, 10)}T00:00:00Z`).toLocaleDateString("en-GB", {
    weekday: "long",
    day: "numeric",
    month: "long",
    timeZone: "UTC",
  });
  return allDay ? `${day}, all day` : `${day}, ${start.slice(11, 16)} – ${end.slice(11, 16)}`;
}

const option = (room) => new Option(room.name, room.address);

function guest(person) {
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.value = person.address;
  label.append(box, person.name);
  return label;
}
