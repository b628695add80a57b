// What the dispatcher asks: big answers to tap, for people who cannot type or must not be seen typing.

import { element, icon, show, write } from "./page.js";
import { sentence, t, timeOf } from "./words.js";

const ACTS = { location: ["map-pin", "ask.give_location"], photo: ["camera", "media.way_photo"], video: ["video", "media.way_video"] };

/** A row of the conversation. `act(question, answer)` hears what was tapped or written; `answer` is null for a thing to do. */
export function questionRow(question, act) {
  const row = element("li", { className: "bubble question" },
    element("p", { className: "bubble-who", textContent: t("talk.dispatcher", { number: question.dispatcher_number }) }),
    element("p", { className: "bubble-text", textContent: question.text || t(`ask.${question.request}`) }),
    ways(question, act),
    element("p", { className: "bubble-state" }, icon("check"), element("span")),
  );
  row.dataset.key = question.key;
  row.dataset.author = "dispatcher";
  return row;
}

function ways(question, act) {
  const ways = element("div", { className: "answers" });
  if (question.request !== "answer") {
    const [glyph, words] = ACTS[question.request] ?? ACTS.photo;
    ways.append(element("button", { className: "solid", type: "button", onclick: () => act(question, null) }, icon(glyph), element("span", { textContent: t(words) })));
    return ways;
  }
  for (const answer of question.answers) {
    ways.append(element("button", { className: "solid", type: "button", textContent: answer, onclick: () => act(question, answer) }));
  }
  return question.answers.length ? ways : inWords(question, act);
}

function inWords(question, act) {
  const field = element("input", { type: "text", maxLength: 4000, autocomplete: "off", required: true, "aria-label": question.text });
  const form = element("form", { className: "answers" }, field, element("button", { className: "solid", type: "submit", textContent: t("ask.send") }));
  form.onsubmit = (event) => {
    event.preventDefault();
    if (field.value.trim()) act(question, field.value.trim());
  };
  return form;
}

/** `given`: the outbox's answer to it, on its way. */
export function fillQuestion(row, { answered_at: answeredAt, answer, given }) {
  const [, , ways, state] = row.children;
  const under = Boolean(answeredAt) || (given && given.state !== "refused");
  // Whoever answers by keyboard stays where they are when the answers go.
  if (under && ways.contains(document.activeElement)) {
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
  }
  show(ways, !under);
  show(state, Boolean(answeredAt || given));
  if (answeredAt) write(state.lastElementChild, answer ? t("ask.answered", { answer, time: timeOf(answeredAt) }) : t("ask.done", { time: timeOf(answeredAt) }));
  else if (given) write(state.lastElementChild, underWay(given));
}

function underWay({ kind, state, problem, answer }) {
  if (state === "refused") return t("talk.failed", { detail: sentence(problem) });
  if (kind === "location") return t(problem ? "ask.location_waits" : "ask.sending_location");
  return t("ask.sending", { answer });
}
