// The shared client (static/citizen/protocol.js), as far as the mini program uses it. The build puts its code beside this.

export interface Location {
  lat: number;
  lon: number;
  crs: "wgs84" | "gcj02" | "bd09";
  accuracy_m: number | null;
  source: "gnss" | "network" | "manual" | "photo" | "none";
  at: string;
}

export interface Refusal {
  status: number;
  code: string;
  detail: string;
  call?: string[];
}

export interface Facts {
  kind: "quick" | "location" | "fraud" | "tip";
  text?: string;
  category?: string | null;
  covert?: boolean;
  place_text?: string | null;
  area?: string | null;
  location?: Location | null;
  media_expected?: number;
  fraud?: object | null;
  deed?: object | null;
}

/** Something of the outbox. Which fields it has goes by its kind: see static/citizen/protocol/outbox.js. */
export interface Item {
  kind: string;
  key: string;
  state: string;
  created: number;
  tries?: number;
  durable?: boolean;
  problem?: Refusal | null;
  report?: string;
  report_id?: string;
  body?: Facts;
  filed?: { number: string; desk: { name: string; sms: string }; filed_at: string };
  text?: string;
  request?: string;
  answer?: string;
  location?: Location;
  filename?: string;
  size?: number;
  sent?: number;
  url?: string | null;
  begun?: boolean;
}

export interface Message {
  id: string;
  client_id: string;
  author: "reporter" | "dispatcher" | "system";
  dispatcher_number: string | null;
  text: string;
  at: string;
  seen: boolean;
}

export interface Question {
  id: string;
  request: "location" | "photo" | "video" | "answer";
  dispatcher_number: string;
  text: string;
  answers: string[];
  at: string;
  answer: string | null;
  answered_at: string | null;
}

export interface Media {
  id: string;
  client_id: string;
  kind: "photo" | "video" | "voice";
  filename: string;
  length: number;
  state: string;
  refused: string | null;
}

export interface Report {
  id: string;
  number: string;
  version: number;
  kind: Facts["kind"];
  status: "filed" | "received" | "dispatched" | "on_scene" | "closed" | "withdrawn";
  status_label: string;
  text: string;
  covert: boolean;
  place_text: string | null;
  filed_at: string;
  desk: { adcode: string; name: string; sms: string };
  received: { at: string; desk: string; desk_adcode: string; dispatcher_number: string } | null;
  dispatched_at: string | null;
  on_scene_at: string | null;
  screens: number;
  escalation: number;
  outcome: string | null;
  referral: { number: string; call: string; where: string | null } | null;
  media: Media[];
  messages: Message[];
  requests: Question[];
  location_code: string | null;
  location_code_expires_at: string | null;
}

export interface Reporter {
  id: string;
  phone: string;
  identity: "none" | "verified";
  hearing_speech_impaired: boolean;
  language: string;
  reports: number;
}

export interface Session {
  token: string;
  expires_at: string;
  reporter: Reporter;
}

export interface Desk {
  adcode: string;
  name: string;
  open: boolean;
  online: boolean;
  sms: string;
  usual_acceptance_s: number | null;
  area: { adcode: string; name: string };
}

export type Heard =
  | { type: "report"; report: Report }
  | { type: "item" | "gone"; item: Item }
  | { type: "message"; id: string; message: Message }
  | { type: "request"; id: string; request: string; question: Question | null }
  | { type: "me"; me: Reporter | null }
  | { type: "line"; state: string }
  | { type: "unknown"; id: string }
  | { type: "error"; code: string; detail: string }
  | { type: "left" | "woken" };

/** A file as the outbox takes it: here a path, there a Blob. */
export interface Kept {
  size: number;
  path: string;
}

export interface Files {
  put(key: string, blob: Kept): Promise<boolean>;
  get(key: string): Promise<Kept | null>;
  remove(key: string): Promise<void>;
  sweep(wanted: string[]): Promise<void>;
  forget(keys: (string | undefined)[]): Promise<void>;
}

export interface Storage {
  all(): Promise<Item[]>;
  put(item: Item): Promise<boolean>;
  remove(key: string): Promise<void>;
}

export interface Signal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

export interface Stop {
  readonly signal: Signal;
  abort(): void;
}

export interface Answer {
  status: number;
  ok: boolean;
  headers: { get(name: string): string | null };
  json(): Promise<unknown>;
}

export interface Http {
  call(
    method: string,
    path: string,
    options?: { body?: object; headers?: Record<string, string>; timeout?: number },
  ): Promise<{ status: number; said: unknown; headers: Answer["headers"] }>;
  authorization(): Record<string, string>;
}

export interface Uploads {
  send(item: Item, blob: Kept, report: string, signal: Signal, keep: (changes: Partial<Item>) => Promise<void>): Promise<void>;
  create(item: Item, report: string): Promise<{ url: string; offset: number }>;
  ask(url: string, signal: Signal): Promise<number | null>;
  remove(url: string): Promise<unknown>;
  pace(): null;
}

export interface UploadsEnv {
  http: Http;
  turns: { take(left: () => number): Promise<() => void> };
  base: string;
  language: string;
}

export interface Outbox {
  file(body: Facts, options?: { held?: boolean }): Promise<Item>;
  release(key: string, changes: Partial<Facts>): Promise<void>;
  say(report: string, text: string): Promise<Item>;
  answer(report: string, request: string, words: string): Promise<Item>;
  locate(report: string, request: string | null, location: Location): Promise<Item>;
  cover(report: string, covert: boolean): Promise<Item>;
  withdraw(report: string, reason: string): Promise<void>;
  attach(report: string, file: { kind: string; blob: Kept; filename: string; filetype: string }): Promise<Item>;
  remove(key: string): Promise<void>;
  takeBack(report: string, media: Media): Promise<void>;
  forget(key: string): Promise<void>;
  readdress(from: string, to: string): Promise<void>;
  resume(key?: string | null): Promise<void>;
  claim(key: string, me: Reporter, mine?: boolean): Promise<void>;
  foreign(item: Item): boolean;
  isOnlyHere(item: Item): boolean;
  others(): Item[];
  get(key: string): Item | undefined;
  reports(): Item[];
  of(id: string): Item | undefined;
  belonging(key: string | undefined, id: string | undefined): Item[];
}

export interface Client {
  start(options?: { session?: boolean }): Promise<void>;
  requestCode(phone: string): Promise<{ expires_in: number; resend_in: number; demo_code?: string }>;
  signIn(phone: string, code: string, options?: { claiming?: string | null }): Promise<Session>;
  enter(proof: object, options?: { claiming?: string | null }): Promise<Session>;
  signOut(): Promise<void>;
  verify(name: string, id_number: string): Promise<void>;
  wish(changes: object): Promise<void>;
  read(id: string): Promise<Report>;
  list(cursor?: string | null): Promise<{ reports: Report[]; next_cursor: string | null }>;
  nearest(place: Partial<Location> & { area?: string }): Promise<Desk>;
  locate(id: string, location: Location): Promise<unknown>;
  wake(options?: { slept?: boolean }): void;
  listen(listener: (event: Heard) => void): () => void;
  me(): Reporter | null | undefined;
  report(id: string | undefined): Report | undefined;
  reports(): Report[];
  here(moment: string): number;
  now(): number;
  media(id: string): string;
  file(facts: Facts, options?: { held?: boolean }): Promise<Item>;
  outbox: Outbox;
  drafts: {
    get(name: string): Promise<any>;
    keep(name: string, values: unknown, keptFor?: number): Promise<boolean>;
    drop(name: string): Promise<void>;
  };
  live: {
    watch(id: string): void;
    unwatch(id: string): void;
    shown(id: string, version: number): void;
    typing(id: string): void;
    state(): "off" | "connecting" | "live" | "polling";
    heard(): number;
  };
}

export function createClient(given: {
  fetch: (url: string, options: any) => Promise<Answer>;
  WebSocket: new (url: string, protocols: string[]) => unknown;
  storage: Storage;
  files: Files;
  transmit: (request: object) => Promise<never>;
  createUploads: (env: UploadsEnv) => Uploads;
  createStop: () => Stop;
  base: string;
  line: string;
  language: string;
  token: () => string | null;
  opened: (session: Session) => void;
  ended: () => void;
  uuid: () => string;
}): Client;

export function isReceived(report: Report): boolean;
export function isOpen(report: Report): boolean;
export function isMedia(item: Item): boolean;
export class Problem extends Error {
  constructor(facts?: { status?: number; code?: string; detail?: string; call?: string[]; wait?: number });
  status: number;
  code: string;
  detail: string;
  readonly passing: boolean;
}
