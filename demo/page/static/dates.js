// Times in the reader's zone.

const FORMATS = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  date_pretty: { year: "numeric", month: "long", day: "numeric" },
  date_short_pretty: { year: "numeric", month: "short", day: "numeric" },
  date_long_pretty: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  time_secs: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
};

// `text` has tokens such as {date_short} {time}; `seconds` are since 1970.
export function spelled(seconds, text) {
  const at = new Date(seconds * 1000);
  return text.replace(/\{(\w+)\}/g, (token, name) => {
    if (name === "ago") return ago(seconds);
    return FORMATS[name] ? new Intl.DateTimeFormat("en-GB", FORMATS[name]).format(at) : token;
  });
}

export function clock(seconds) {
  return spelled(seconds, "{time}");
}

export function ago(seconds) {
  const passed = Math.max(0, Date.now() / 1000 - seconds);
  if (passed < 90) return `${Math.round(passed)} s ago`;
  return passed < 5400 ? `${Math.round(passed / 60)} min ago` : `${Math.round(passed / 3600)} h ago`;
}
