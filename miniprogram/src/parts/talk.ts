// The conversation: what was reported, what was said since, each with how far it got; and files as tiles.

import { Item, Media, Question, Report, isMedia } from "../protocol/protocol";
import { has, sentence, t, timeOf } from "../words";

export interface Line {
  key: string;
  author: string;
  who: string;
  text: string;
  state: string;
  failed: boolean;
  question: null | { request: string; answers: string[]; free: boolean; given: string; open: boolean };
}

export function linesOf(report: Report | undefined, item: Item | undefined, belonging: Item[]): Line[] {
  const lines: (Line & { at: number })[] = [];
  const own = report ?? item?.body;
  const words = [own?.text, own?.place_text && t("report.place", { place: own.place_text })].filter(Boolean).join("\n");
  for (const message of report?.messages ?? []) {
    const mine = message.author === "reporter";
    lines.push({
      ...line(message.client_id || message.id, message.author, message.text, mine ? t(message.seen ? "talk.seen" : "talk.stored", { time: timeOf(message.at) }) : timeOf(message.at)),
      who: mine ? t("talk.me") : message.dispatcher_number ? t("talk.dispatcher", { number: message.dispatcher_number }) : t("talk.system"),
      at: Date.parse(message.at),
    });
  }
  for (const question of report?.requests ?? []) lines.push({ ...asked(question, belonging), at: Date.parse(question.at) });
  lines.sort((a, b) => a.at - b.at);
  const there = new Set((report?.messages ?? []).map((message) => message.client_id));
  for (const message of belonging) {
    if (message.kind !== "message" || there.has(message.key)) continue;
    lines.push({ ...line(message.key, "reporter", message.text ?? "", stateOf(message, Boolean(report))), failed: message.state === "refused", at: message.created });
  }
  return [...(words ? [line("own", "reporter", words, "")] : []), ...lines];
}

const line = (key: string, author: string, text: string, state: string): Line => ({ key, author, who: t("talk.me"), text, state, failed: false, question: null });

function stateOf({ state, problem }: Item, there: boolean): string {
  if (state === "refused") return t("talk.failed", { detail: sentence(problem) });
  if (state !== "sending" || !there) return t("talk.kept");
  return t(problem ? "talk.retrying" : "talk.sending");
}

function asked(question: Question, belonging: Item[]): Line {
  const given = belonging.filter((item) => ["answer", "location"].includes(item.kind) && item.request === question.id).pop();
  const said = question.answered_at
    ? question.answer
      ? t("ask.answered", { answer: question.answer, time: timeOf(question.answered_at) })
      : t("ask.done", { time: timeOf(question.answered_at) })
    : given
      ? given.kind === "answer"
        ? t("ask.sending", { answer: given.answer ?? "" })
        : t(given.problem ? "ask.location_waits" : "ask.sending_location")
      : "";
  return {
    ...line(question.id, "dispatcher", question.text || t(`ask.${question.request}`), ""),
    who: t("talk.dispatcher", { number: question.dispatcher_number }),
    question: {
      request: question.request,
      answers: question.answers,
      free: question.request === "answer" && question.answers.length === 0,
      given: said,
      open: !question.answered_at && (!given || given.state === "refused"),
    },
  };
}

export interface Tile {
  key: string;
  kind: string;
  name: string;
  note: string;
  percent: number;
  failed: boolean;
  removable: boolean;
}

/** What the server has and what is on its way, each once. */
export function tilesOf(report: Report | undefined, belonging: Item[], open: boolean): Tile[] {
  const there = (report?.media ?? []).map((media) => mediaTile(media, open));
  const known = new Set((report?.media ?? []).map(({ client_id }) => client_id));
  const going = belonging.filter((item) => isMedia(item) && item.state !== "removing" && !(item.state === "stored" && known.has(item.key)));
  return [...there, ...going.filter(({ key }) => !known.has(key)).map((item) => itemTile(item, open))];
}

function mediaTile({ client_id, id, kind, state, refused }: Media, open: boolean): Tile {
  const why = refused && has(`media.why.${refused}`) ? t(`media.why.${refused}`) : t("media.why.other");
  const note = state === "rejected" ? t("media.rejected", { why }) : t(state === "ready" ? "media.stored" : "media.checking");
  return { key: client_id || id, kind, name: t(`mini.${kind}`), note, percent: 100, failed: state === "rejected", removable: open };
}

function itemTile({ key, kind, state, sent = 0, size = 1, problem }: Item, open: boolean): Tile {
  const percent = Math.min(99, Math.floor((sent / Math.max(size, 1)) * 100));
  const notes: Record<string, string> = {
    stored: t("media.checking"),
    refused: t("media.failed", { detail: problem?.code === "file_lost" ? t("media.file_lost") : sentence(problem) }),
    sending: problem ? t("media.retrying") : t("media.sending", { percent }),
  };
  return { key, kind, name: t(`mini.${kind}`), note: notes[state] ?? t("media.kept"), percent: state === "stored" ? 100 : percent, failed: state === "refused", removable: open };
}
