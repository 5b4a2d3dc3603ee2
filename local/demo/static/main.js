import { paths, practices } from "./api.js";
import { create, details } from "./dialogs.js";
import { showLog } from "./log.js";
import { say } from "./notice.js";
import { showPeople } from "./people.js";
import { Side } from "./side.js";

const get = (id) => document.getElementById(id);
const all = await practices();
const asked = new URLSearchParams(location.search);
const page = {
  tenant: all.some((one) => one.id === asked.get("tenant")) ? asked.get("tenant") : all[0].id,
  person: asked.get("person"),
  practice: () => all.find((one) => one.id === page.tenant),
  paths: () => paths(page),
};
let stream = null;

/** The wall time of the practice, as if it were UTC: so the widget shows it unmoved. */
function now() {
  const text = new Date().toLocaleString("sv-SE", { timeZone: page.practice().zone });
  return text.replace(" ", "T");
}

const options = {
  paths: page.paths,
  now,
  create: (side, slot) => create(side, slot, page),
  details: (side, item) => item && details(side, item, page),
};
const sides = {
  appointments: new Side("app", get("app-calendar"), options),
  outlook: new Side("outlook", get("outlook-calendar"), options),
};
const both = Object.values(sides);

function choose(person) {
  if (person === page.person && stream) return;
  page.person = person;
  const known = page.practice().people.find((one) => one.address === person);
  for (const id of ["app-of", "outlook-of"]) get(id).textContent = known.name;
  for (const card of document.querySelectorAll(".person")) {
    card.classList.toggle("chosen", card.dataset.address === person);
  }
  both.forEach((side) => side.clear());
  history.replaceState(null, "", `?${new URLSearchParams({ tenant: page.tenant, person })}`);
  listen();
}

function chooseTenant(tenant, person) {
  page.tenant = tenant;
  const { people, monday } = page.practice();
  const known = people.some((one) => one.address === person);
  both.forEach((side) => side.calendar.gotoDate(monday));
  showWeek();
  page.person = null;
  choose(known ? person : (people[1] ?? people[0]).address);
}

function listen() {
  stream?.close();
  stream = new EventSource(`/stream?${new URLSearchParams({ tenant: page.tenant, person: page.person })}`);
  const on = (name, show) =>
    stream.addEventListener(name, ({ data }) => show(JSON.parse(data)));
  on("health", showHealth);
  on("people", (told) => showPeople(told, page, choose));
  on("appointments", (items) => sides.appointments.show(items));
  on("outlook", (items) => sides.outlook.show(items));
  on("log", showLog);
  stream.onerror = () => health("bad", "Meridian Care does not answer");
}

function showHealth({ calbridge, outlook, waiting }) {
  const kept = waiting ? ` ${waiting} ${waiting === 1 ? "change waits" : "changes wait"}.` : "";
  if (!calbridge) health("bad", "Calbridge is away", `Your calendar works on.${kept}`);
  else if (!outlook) health("bad", "Outlook is away", "Its calendar cannot be shown now.");
  else health("good", "Connected", kept);
}

function health(kind, text, more = "") {
  get("health").className = `health ${kind}`;
  get("health").textContent = text;
  get("health").title = more;
  get("away").textContent = kind === "bad" ? `${text}. ${more}` : "";
  get("away").hidden = kind !== "bad";
}

function showWeek() {
  const { activeStart } = sides.appointments.calendar.view;
  const friday = new Date(activeStart.getTime() + 4 * 86400000);
  const day = (date, more) =>
    date.toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC", ...more });
  get("week").textContent = `${day(activeStart)} – ${day(friday, { year: "numeric" })}`;
}

function turn(step) {
  both.forEach((side) => step(side.calendar));
  showWeek();
}

get("previous").onclick = () => turn((calendar) => calendar.prev());
get("next").onclick = () => turn((calendar) => calendar.next());
get("this-week").onclick = () => turn((calendar) => calendar.gotoDate(page.practice().monday));
get("practice").append(...all.map((one) => new Option(one.name, one.id)));
get("practice").value = page.tenant;
get("practice").onchange = (event) => chooseTenant(event.target.value);

if (asked.get("calbridge") === "connected") say("Connected. The calendar is being read now.", "good");
chooseTenant(page.tenant, page.person);
