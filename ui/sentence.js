// The state in one sentence, and in one colour.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { t, words } = page;

  const IDLE = "idle";
  const SYNCING = "syncing";
  const WAITING = "waiting";
  const NEEDS_YOU = "needs-you";

  function held(status) {
    return status.pending ? t("held.some", { count: status.pending }) : t("held.none");
  }

  function outage(status) {
    const { reason, since, next_probe_at: probe } = status.breaker;
    const next = probe ? t("state.next_try", { until: words.until(probe) }) : "";
    const values = { since: since ? words.clock(since) : "", held: held(status), next };
    if (reason === "token") return [NEEDS_YOU, t("state.token", values)];
    return [WAITING, t(reason === "failing" ? "state.failing" : "state.down", values)];
  }

  function waiting(status) {
    const count = status.pending;
    if (status.waiting_for_scan === count) return t("state.scan", { count });
    if (status.waiting_for_retry === count && status.next_due_at) {
      return t("state.retry", { count, until: words.until(status.next_due_at) });
    }
    return t("state.waiting", { count });
  }

  function settled(status) {
    const last = status.last_success_at;
    return [IDLE, last ? t("state.in_step", { ago: words.ago(last) }) : t("state.ready")];
  }

  function current(status) {
    const { doing, blocked } = status.drainer;
    if (doing === "settings") {
      return [NEEDS_YOU, t(status.last_success_at ? "state.settings" : "state.no_settings", { held: held(status) })];
    }
    if (doing === "packages") {
      return blocked
        ? [NEEDS_YOU, t("state.no_packages", { held: held(status) })]
        : [WAITING, t("state.packages", { held: held(status) })];
    }
    if (status.paused) return [WAITING, t("state.paused", { held: held(status) })];
    if (status.breaker.state !== "closed") return outage(status);
    if (doing === "room") return [NEEDS_YOU, t("state.room", { held: held(status) })];
    if (doing === "stash") return [WAITING, t("state.stash", { held: held(status) })];
    if (status.drain) return [SYNCING, t("state.draining", { done: status.drain.done, total: status.drain.total })];
    if (status.in_progress) return [SYNCING, t("state.syncing", { count: status.in_progress })];
    if (doing === "comparing") return [SYNCING, t("state.comparing")];
    if (status.pending) return [WAITING, waiting(status)];
    return settled(status);
  }

  /**
   * [tone, sentence] of a status as docs/operations.md describes it. Failed scenes need a person, whatever else goes on.
   */
  function describe(status) {
    const [tone, sentence] = current(status);
    const count = status.dead_letters;
    if (!count) return [tone, sentence];
    const failed = t("state.failed", { count });
    return [NEEDS_YOU, tone === IDLE ? `${failed} ${t("state.rest")}` : `${sentence} ${failed}`];
  }

  page.sentence = { describe };
})();
