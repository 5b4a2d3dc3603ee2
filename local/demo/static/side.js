import { ask } from "./api.js";
import { attempt } from "./notice.js";

const DAY = { weekday: "short", day: "numeric", month: "numeric" };

/** One of the two calendars. Times are the practice's wall times, so the widget runs in UTC. */
export class Side {
  constructor(name, element, { paths, now, create, details }) {
    this.name = name;
    this.items = new Map();
    this.held = null;
    this.dragging = false;
    this.paths = paths;
    this.create = create;
    this.details = details;
    this.calendar = new FullCalendar.Calendar(element, {
      initialView: "timeGridWeek",
      timeZone: "UTC",
      now,
      nowIndicator: true,
      headerToolbar: false,
      firstDay: 1,
      weekends: false,
      height: "100%",
      expandRows: true,
      slotMinTime: "07:00:00",
      slotMaxTime: "19:00:00",
      slotLabelInterval: "01:00",
      slotLabelFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
      snapDuration: "00:15:00",
      dayHeaderFormat: DAY,
      locale: "en-gb",
      allDayText: "day",
      selectable: true,
      selectMirror: true,
      selectMinDistance: 4,
      editable: true,
      eventResizableFromStart: true,
      eventContent: ({ event, timeText }) => ({ domNodes: [content(event, timeText)] }),
      eventTimeFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
      eventDidMount: ({ event, el }) => {
        el.dataset.id = event.id;
        el.title = event.title;
      },
      select: (picked) => this.#picked(picked),
      eventClick: ({ event }) => this.details(this.name, this.items.get(event.id)),
      eventDrop: (done) => this.#moved(done),
      eventResize: (done) => this.#moved(done),
    });
    this.calendar.render();
    // What is redrawn under a pointer that is down would end the drag.
    element.addEventListener("pointerdown", () => (this.dragging = true), true);
    for (const end of ["pointerup", "pointercancel"]) {
      window.addEventListener(end, () => this.#released());
    }
  }

  #picked(picked) {
    this.calendar.unselect();
    this.create(this.name, { ...times(picked), all_day: picked.allDay });
  }

  #released() {
    // The widget, too, has yet to hear of it.
    setTimeout(() => {
      this.dragging = false;
      if (this.held) this.show(this.held);
    });
  }

  async #moved({ event, revert }) {
    const body = { ...times(event), all_day: event.allDay };
    const done = await attempt(() => ask("PATCH", this.paths().of(this.name, event.id), body));
    if (!done) revert();
  }

  /** Takes over what is new or different, and leaves the rest as it stands. */
  show(items) {
    this.held = null;
    if (this.dragging) {
      this.held = items;
      return;
    }
    const first = this.items.size === 0;
    const wanted = new Map(items.map((item) => [item.id, item]));
    this.calendar.batchRendering(() => {
      for (const id of this.items.keys()) {
        if (!wanted.has(id)) this.calendar.getEventById(id)?.remove();
      }
      for (const item of items) {
        if (JSON.stringify(this.items.get(item.id)) !== JSON.stringify(item)) this.#put(item, first);
      }
    });
    this.items = wanted;
  }

  #put(item, quietly) {
    const known = this.items.get(item.id);
    const fresh = !quietly && !(known && sameContent(known, item));
    const classNames = [...marks(item), ...(fresh ? ["fresh"] : [])];
    const { id, subject: title, start, end, all_day: allDay, editable } = item;
    const event = this.calendar.getEventById(id);
    if (!event) {
      this.calendar.addEvent({ id, title, start, end, allDay, editable, classNames });
      return;
    }
    event.setDates(start, end, { allDay });
    event.setProp("title", title);
    event.setProp("editable", editable);
    event.setProp("classNames", classNames);
  }

  clear() {
    this.calendar.removeAllEvents();
    this.items = new Map();
  }
}

const sameContent = (a, b) =>
  ["subject", "start", "end", "location"].every((name) => a[name] === b[name]);

function marks(item) {
  const found = [];
  if (item.status === "tentative" || item.show_as === "tentative") found.push("tentative");
  if (item.status === "cancelled") found.push("cancelled");
  if (item.sync === "refused") found.push("refused");
  if (item.sync === "local") found.push("local");
  return found;
}

function content(event, timeText) {
  const box = document.createElement("div");
  box.className = "item";
  const title = document.createElement("b");
  title.textContent = event.title;
  box.append(title);
  if (!event.allDay) {
    const time = document.createElement("span");
    time.textContent = timeText;
    box.append(time);
  }
  return box;
}

function times({ startStr, endStr, allDay }) {
  const cut = allDay ? 10 : 19;
  return { start: startStr.slice(0, cut), end: endStr.slice(0, cut) };
}
