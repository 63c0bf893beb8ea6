// Long lists, page by page.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { React, h, parts, t, words, api, live, icons } = page;
  const ROWS = 50;

  /** A paged operation; new `args` begin at the first page. */
  function usePaged(mode, args) {
    const key = JSON.stringify(args);
    // The last is the page shown.
    const [place, setPlace] = React.useState({ key, cursors: [null] });
    const cursors = place.key === key ? place.cursors : [null];
    const after = cursors[cursors.length - 1];
    const answer = api.useOperation(mode, { ...args, limit: ROWS, ...(after === null ? {} : { after }) });
    const data = answer.data;
    return {
      ...answer,
      first: (cursors.length - 1) * ROWS + 1,
      onNext: data && data.next !== null ? () => setPlace({ key, cursors: [...cursors, data.next] }) : null,
      onFirst: () => setPlace({ key, cursors: [null] }),
      onPrevious: cursors.length > 1 ? () => setPlace({ key, cursors: cursors.slice(0, -1) }) : null,
    };
  }

  function Pager({ paged, shown }) {
    const { count } = paged.data;
    const nav = React.useRef(null);
    const isBeyond = paged.first > 1 && !paged.loading && shown === 0;
    // What the page had is gone: sent, or discarded.
    React.useEffect(() => void (isBeyond && paged.onFirst()), [isBeyond]);
    if (!paged.onNext && !paged.onPrevious) return null;
    const range = t("pager.range", {
      first: words.number(paged.first),
      last: words.number(paged.first + shown - 1),
      count: words.number(Math.max(count, paged.first + shown - 1)),
    });
    const button = (label, icon, turn) => {
      const isOff = !turn || paged.isTurning;
      const onClick = () => {
        if (isOff) return;
        turn();
        nav.current.parentElement.scrollIntoView();
      };
      // A disabled button would lose the focus.
      const off = { "aria-disabled": isOff, className: isOff ? "disabled" : "" };
      return h(page.Plain, { onClick, "aria-label": label, ...off }, h(page.Icon, { icon }));
    };
    return h(
      "nav",
      { ref: nav, className: "plexsync-pager", "aria-label": t("pager.label") },
      button(t("pager.previous"), icons.faChevronLeft, paged.onPrevious),
      h("span", { role: "status" }, range),
      button(t("pager.next"), icons.faChevronRight, paged.onNext)
    );
  }

  function Rows({ children, isBusy }) {
    return h("ul", { className: "plexsync-rows", "aria-busy": Boolean(isBusy) }, children);
  }

  /**
   * A paged operation as a list: `of` is the key of its rows, `empty` says what is shown where there are none,
   * `row(entry, index)` makes one.
   */
  function List({ paged, of, empty, row }) {
    return h(page.Outcome, { answer: paged }, (data) => {
      const rows = data[of];
      if (rows.length === 0 && paged.first === 1) return h(page.Empty, empty);
      return parts(h(Rows, { isBusy: paged.loading }, rows.map(row)), h(Pager, { paged, shown: rows.length }));
    });
  }

  /** The box that selects a row. */
  function Select({ id, name, checked, disabled, onChange }) {
    return h(page.Check, {
      id,
      checked,
      disabled,
      label: h("span", { className: "sr-only" }, t("failed.select", { name })),
      onChange: (event) => onChange(event.target.checked),
    });
  }

  /** Some ids, or everything that the filter leaves. */
  function useSelection(filterKey) {
    const [state, setState] = React.useState({ filterKey, ids: new Set(), isAll: false });
    const current = state.filterKey === filterKey ? state : { filterKey, ids: new Set(), isAll: false };
    const change = (changes) => setState({ ...current, ...changes });
    return {
      ids: current.ids,
      isAll: current.isAll,
      has: (id) => current.isAll || current.ids.has(id),
      clear: () => change({ ids: new Set(), isAll: false }),
      selectAll: () => change({ isAll: true }),
      toggle(ids, isOn) {
        const next = new Set(current.ids);
        ids.forEach((id) => (isOn ? next.add(id) : next.delete(id)));
        change({ ids: next, isAll: false });
      },
    };
  }

  /** A choice of one; `choices` are [value, text]. */
  function Choice({ choices, onChange, ...others }) {
    return h(
      page.Bootstrap.Form.Control,
      { as: "select", size: "sm", custom: true, ...others, onChange: (event) => onChange(event.target.value) },
      choices.map(([value, text]) => h("option", { key: value, value }, text))
    );
  }

  /** A text once it has settled. */
  function useSettled(text, milliseconds = 400) {
    const [settled, setSettled] = React.useState(text);
    React.useEffect(() => {
      const timer = setTimeout(() => setSettled(text), milliseconds);
      return () => clearTimeout(timer);
    }, [text]);
    return settled.trim();
  }

  function Search({ value, onChange, label }) {
    return h(page.Bootstrap.Form.Control, {
      type: "search",
      size: "sm",
      className: "plexsync-search",
      value,
      placeholder: label,
      "aria-label": label,
      onChange: (event) => onChange(event.target.value),
    });
  }

  /** Whether something happens to a job at any moment. */
  function isMoving(job) {
    const at = job && job.next_retry_at;
    return job && (at ? at < page.now() : ["due", "in_progress"].includes(job.state));
  }

  /**
   * Ask again, once the last answer is there, when the word that `status` says changes, and with each new live file
   * while the answer says otherwise (`isOld`) or, where it is newer than the question, some of `jobs` are about to be
   * tried. The first word is no change.
   */
  function useFollow(answer, status, say, isOld = () => false, jobs = () => []) {
    const word = status && String(say(status));
    const file = React.useMemo(() => status && status.written_at, [answer.turn, !status]);
    const isPast = (data) => isOld(status, data) || (status.written_at !== file && jobs(data).some(isMoving));
    const old = status && answer.data && isPast(answer.data) ? status.written_at : null;
    const known = React.useRef({ word, old: null });
    React.useEffect(() => {
      if (word === null) return;
      const last = known.current;
      if (last.word === null) last.word = word;
      if (answer.loading) return; // or a slow answer would be dropped for the next, and none ever shown
      known.current = { word, old };
      if (word !== last.word || (old !== null && old !== last.old)) answer.reload();
    }, [word, old, answer.loading]);
  }

  /** What reads the list and the live file again. */
  function useReload(answer) {
    return () => Promise.all([answer.reload(), live.refresh()]);
  }

  function useSync(sceneId, onDone) {
    const toasts = page.useToasts();
    return async function () {
      const reply = await api.operation("sync_scene", { scene_id: sceneId });
      toasts.done(reply.reason || t("scene.sent"));
      await onDone();
    };
  }

  /** A rating key of null is every item. */
  function usePin(sceneId, onDone) {
    const toasts = page.useToasts();
    const run = (mode, text) => async (key) => {
      await api.operation(mode, { scene_id: sceneId, ...(key !== null && { rating_key: key }) });
      toasts.done(text);
      await onDone();
    };
    return { pin: run("pin", t("failed.pinned")), unpin: run("unpin", t("pins.removed")) };
  }

  /** Tries at once what waits, by `args` one scene's. */
  function useTry(onDone, args) {
    const toasts = page.useToasts();
    return async function () {
      const { reason, probing, due } = await api.operation("retry_now", args);
      toasts.done(reason || (probing ? t("status.asked_plex") : t("status.due", { count: args ? 1 : due })));
      await onDone();
    };
  }

  Object.assign(page, {
    useFollow, usePaged, Pager, Rows, List, Select, Choice, useSelection, useSettled, useReload,
    useSync, usePin, useTry, Search,
  });
})();
