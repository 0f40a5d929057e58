// What this browser remembers for the person who uses it.

const SINGLE_KEYS = "label-single-keys";

/** Whether single-key shortcuts are on. */
export const singleKeys = () => localStorage.getItem(SINGLE_KEYS) !== "off";

export const setSingleKeys = (on) => localStorage.setItem(SINGLE_KEYS, on ? "on" : "off");
