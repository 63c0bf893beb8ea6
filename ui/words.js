// Numbers, moments and durations in words.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { t } = page;
  const DAY = 86400;

  function dateOf(seconds) {
    return new Date(seconds * 1000);
  }

  function number(value) {
    return Number(value).toLocaleString();
  }

  /** "21:14" today, with the date on any other day. */
  function clock(seconds) {
    const date = dateOf(seconds);
    const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const isToday = date.toDateString() === dateOf(page.now()).toDateString();
    return isToday ? time : `${day(seconds)}, ${time}`;
  }

  function day(seconds) {
    return dateOf(seconds).toLocaleDateString([], { year: "numeric", month: "short", day: "numeric" });
  }

  /** "40 s", "3 min", "5 h", "2 days" */
  function duration(seconds) {
    const whole = Math.max(0, Math.round(seconds));
    if (whole < 100) return t("duration.seconds", { count: whole });
    if (whole < 5400) return t("duration.minutes", { count: Math.round(whole / 60) });
    if (whole < 2 * DAY) return t("duration.hours", { count: Math.round(whole / 3600) });
    return t("duration.days", { count: Math.round(whole / DAY) });
  }

  function ago(seconds) {
    const passed = page.now() - seconds;
    return passed < 5 ? t("duration.now") : t("duration.ago", { duration: duration(passed) });
  }

  function until(seconds) {
    const left = seconds - page.now();
    return left < 1 ? t("duration.soon") : t("duration.in", { duration: duration(left) });
  }

  /** A field's value: a list of names becomes one text. */
  function value(content) {
    if (Array.isArray(content)) return content.length ? content.join(", ") : t("value.none");
    return content === null || content === "" ? t("value.none") : String(content);
  }

  function field(name) {
    return page.hasText(`field.${name}`) ? t(`field.${name}`) : name;
  }

  function kind(errorType) {
    return page.hasText(`kind.${errorType}`) ? t(`kind.${errorType}`) : errorType;
  }

  page.words = { number, clock, day, duration, ago, until, value, field, kind };
})();
