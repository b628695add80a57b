// 位置码: six digits to read out to the call-taker, who finds the position by them.

import { $, announce, part, show, write } from "./page.js";
import { distance, t, timeOf } from "./words.js";

let told = "";

/** @param {{item: object | undefined, report: object | undefined, now: number, best: object | null}} facts */
export function showCode({ item, report, now, best }) {
  const box = $("code");
  const kind = report?.kind ?? item?.body.kind;
  const ended = ["withdrawn", "closed"].includes(report?.status) || item?.state === "refused";
  show(box, kind === "location" && !ended);
  if (box.hidden) return;
  // The answer that filed it is kept: after a reload without a network the code still stands there.
  const from = report ?? item?.filed;
  const good = from?.location_code && now < Date.parse(from.location_code_expires_at) ? from.location_code : null;
  const filed = Boolean(report) || item?.state === "stored";
  box.dataset.state = good ? "good" : filed ? "over" : "waiting";
  write(part(box, "lead"), t(good ? "code.say" : filed ? "code.over" : "code.waiting"));
  const digits = good ? `${good.slice(0, 3)} ${good.slice(3)}` : "";
  write(part(box, "digits"), digits);
  show(part(box, "digits"), good !== null);
  const accuracy = best ? t("code.accuracy", { distance: distance(best.accuracy_m) }) : "";
  write(part(box, "note"), good ? [t("code.until", { time: timeOf(from.location_code_expires_at) }), accuracy].filter(Boolean).join(" · ") : "");
  show(part(box, "note"), good !== null);
  if (good && told !== good) announce(t("code.announce", { code: [...good].join(" ") }));
  told = good ?? told;
}
