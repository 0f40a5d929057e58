// What the page knows, and the only place that talks to the server about it.

import { byId, toast } from "./dom.js";

const POLL_MILLISECONDS = 4000;

export const store = {
  /** The last state (training/page/view.py); null until it is here. */
  state: null,
  /** File names by picture. */
  names: [],
  /** Of pictures that are there several times: the number of their stack, and of those in it that nothing tells apart. */
  copies: new Map(),
};

const listeners = new Set();
let queue = Promise.resolve();
let waiting = 0;
/** Changes made so far. */
let made = 0;

export const subscribe = (listener) => listeners.add(listener);

export const groupById = (id) => store.state.groups.find((group) => group.id === id);

export const isUnnamed = (group) => !group.names.length && !group.notGroup;

export const titleOf = (group) => group.names.join(", ") || `Group ${group.id}`;

/** The group that a picture is shown in; undefined when it is unclustered. */
export const groupOf = (picture) =>
  store.state.groups.find((group) => group.pictures.some((item) => item.picture === picture));

export async function load() {
  const answers = await Promise.all([fetch("/api/names"), fetch("/api/state")]);
  const [names, found] = await Promise.all(answers.map(read));
  store.names = names;
  take(found.state);
  findCopies();
  setInterval(() => document.hidden || poll(), POLL_MILLISECONDS);
  document.addEventListener("visibilitychange", () => document.hidden || poll());
}

/** Among very many pictures it takes a while: until then each has a tile of its own. */
async function findCopies() {
  try {
    const stacks = await read(await fetch("/api/stacks"));
    store.copies = new Map(
      stacks.flatMap((sets, stack) => sets.flatMap((set, same) => set.map((picture) => [picture, { stack, same }]))),
    );
    if (store.copies.size) tell();
  } catch (error) {
    toast(inWords(error), "problem");
  }
}

/** Change something. Changes are sent one after the other; false when one was refused, whose message is then shown. */
export const change = (edit) => enqueue(() => send("/api/change", edit));
export const undo = () => enqueue(() => send("/api/undo"));
export const redo = () => enqueue(() => send("/api/redo"));

/** Resolves when every change made so far has been answered. */
export const settled = () => queue;

/** Change something while the page is being closed: nobody waits for the answer. */
export function changeOnLeaving(edit) {
  fetch("/api/change", { ...request(edit), keepalive: true });
}

/** The answer's JSON. Throws an Error with the server's words. */
export async function read(response) {
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({}));
  throw new Error(problem.error ?? "The page's server refused: open the link from the terminal again");
}

function enqueue(task) {
  waiting += 1;
  made += 1;
  byId("saved").textContent = "Saving…";
  const done = queue.then(task).finally(() => {
    waiting -= 1;
  });
  queue = done.catch(() => {});
  return done;
}

const request = (edit) => ({
  method: "POST",
  headers: { "Content-Type": "application/json", "If-Match": `"${store.state.digest}"` },
  body: edit === undefined ? undefined : JSON.stringify(edit),
});

async function send(path, edit) {
  try {
    const answer = await read(await fetch(path, request(edit)));
    take(answer.state);
    byId("saved").textContent = waiting > 1 ? "Saving…" : "Saved";
    toast(answer.concurrent_change ? `${answer.message}. Something else changed meanwhile, too: it is shown now` : answer.message);
    return true;
  } catch (error) {
    byId("saved").textContent = "Not saved";
    toast(inWords(error), "problem");
    await poll(1);
    return false;
  }
}

/** Take over what other tabs and programs did, unless more than `own` changes of this page are under way. */
async function poll(own = 0) {
  if (!store.state || waiting > own) return;
  const before = made;
  try {
    const response = await fetch("/api/state", { headers: { "If-None-Match": store.etag } });
    if (response.status !== 304) {
      const { state } = await read(response);
      if (made !== before) return; // it may be older than the change, whose answer holds the state anyway
      const elsewhere = state.digest !== store.state.digest;
      take(state);
      if (elsewhere) toast(`Changed elsewhere${store.state.undo ? `: ${store.state.undo}` : ""}`);
    }
    showProblem(store.state.problem);
  } catch (error) {
    showProblem(inWords(error));
  }
}

function take(state) {
  store.state = state;
  store.etag = `"${state.digest}${state.problem ? "-problem" : ""}"`;
  showProblem(state.problem);
  byId("weak").hidden = !state.weak;
  tell();
}

function tell() {
  for (const listener of listeners) listener();
}

function showProblem(text) {
  byId("problem").hidden = !text;
  byId("problem").textContent = text ?? "";
}

const inWords = (error) =>
  error instanceof TypeError
    ? "The page's server does not answer: is “python -m training label” still running in its terminal?"
    : error.message;
