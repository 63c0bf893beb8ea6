// What the views are made of.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { React, h, box, parts, t, words, icons } = page;
  const { Alert, Badge, Button, Modal, Spinner } = page.Bootstrap;
  const stash = window.PluginApi;

  function Icon({ icon }) {
    // Looked up when it is rendered: Stash loads its components bit by bit.
    const StashIcon = stash.components.Icon;
    return StashIcon && icon
      ? h("span", { className: "plexsync-icon", "aria-hidden": true }, h(StashIcon, { icon }))
      : null;
  }

  function Busy({ className }) {
    return h(Spinner, { as: "span", animation: "border", size: "sm", "aria-hidden": true, className });
  }

  function Loading() {
    return h("div", { className: "plexsync-loading", role: "status" }, h(Busy), h("span", null, t("page.loading")));
  }

  const Plain = (props) => h(Button, { size: "sm", variant: "secondary", ...props });
  const Check = (props) => h(page.Bootstrap.Form.Check, { type: "checkbox", custom: true, ...props });

  function Failure({ error, onRetry }) {
    return h(
      Alert,
      { variant: "danger", className: "plexsync-alert" },
      h("span", null, error.message || t("error.unknown")),
      onRetry && h(Plain, { onClick: onRetry }, t("action.again"))
    );
  }

  function Empty({ title, text, icon }) {
    return box(
      "empty",
      h(Icon, { icon: icon || icons.faCircleCheck }),
      h("p", { className: "plexsync-empty-title" }, title),
      text && page.muted("div", text)
    );
  }

  /** A titled card; `aside` stands beside the title. */
  function Card({ title, aside, children, className }) {
    return h(
      "section",
      { className: `plexsync-card card ${className || ""}` },
      (title || aside) &&
        h("header", null, title && h("h2", null, title), aside && box("aside", aside)),
      children
    );
  }

  function Figure({ label, value, to, hint }) {
    const content = to ? h(page.Router.Link, { to }, value) : value;
    return box("figure", h("dt", null, label), h("dd", null, content, hint && h("small", null, hint)));
  }

  /** Loading, a failure, or the children made of the data. */
  function Outcome({ answer, children }) {
    if (answer.error && !answer.data) return h(Failure, { error: answer.error, onRetry: answer.reload });
    if (!answer.data) return h(Loading);
    return parts(answer.error && h(Failure, { error: answer.error, onRetry: answer.reload }), children(answer.data));
  }

  function useToasts() {
    const toasts = stash.hooks.useToast();
    return React.useMemo(
      () => ({
        done: (text) => toasts.success(text),
        failed: (error) => toasts.error(error.message || t("error.unknown")),
        withUndo(text, onUndo) {
          const onClick = (event) => {
            event.stopPropagation(); // a click on the toast itself opens it as a dialog
            onUndo();
          };
          const undo = h(Button, { size: "sm", variant: "light", onClick }, t("action.undo"));
          toasts.toast({ content: h("span", null, text, " ", undo), delay: 10000 });
        },
      }),
      [toasts]
    );
  }

  /** A failure of `onRun` becomes a toast. */
  function Action({ label, icon, onRun, variant, disabled, ...others }) {
    const [isBusy, setBusy] = React.useState(false);
    const isThere = React.useRef(true);
    const toasts = useToasts();
    React.useEffect(() => () => void (isThere.current = false), []);

    async function run() {
      setBusy(true);
      try {
        await onRun();
      } catch (error) {
        toasts.failed(error);
      } finally {
        if (isThere.current) setBusy(false);
      }
    }
    return h(
      Button,
      {
        // A busy button keeps the focus, which a disabled one would lose.
        size: "sm",
        variant: variant || "secondary",
        disabled,
        className: isBusy ? "disabled" : "",
        onClick: isBusy ? undefined : run,
        "aria-busy": isBusy,
        "aria-disabled": isBusy || undefined,
        ...others,
      },
      isBusy ? h(Busy, { className: "mr-1" }) : h(Icon, { icon }),
      label
    );
  }

  /** Ask before something happens. Returns [dialog, ask]; ask resolves to whether the person agreed. */
  function useConfirm() {
    const [question, setQuestion] = React.useState(null);
    const ask = React.useCallback((content) => new Promise((resolve) => setQuestion({ ...content, resolve })), []);
    function answer(isAgreed) {
      question.resolve(isAgreed);
      setQuestion(null);
    }
    const dialog = question && h(Dialog, { ...question, onAnswer: answer });
    return [dialog, ask];
  }

  function Dialog({ title, body, accept, isDanger, isRefused, onAnswer }) {
    return h(
      Modal,
      { show: true, onHide: () => onAnswer(false), "aria-labelledby": "plexsync-dialog", className: "plexsync-dialog" },
      h(Modal.Header, null, h(Modal.Title, { id: "plexsync-dialog", as: "h2" }, title)),
      h(Modal.Body, null, body),
      h(
        Modal.Footer,
        null,
        h(Button, { variant: "secondary", onClick: () => onAnswer(false) }, t("action.cancel")),
        !isRefused && h(Button, { variant: isDanger ? "danger" : "primary", onClick: () => onAnswer(true) }, accept)
      )
    );
  }

  function Progress({ label, done, total }) {
    const share = total > 0 ? Math.min(100, (done / total) * 100) : 0;
    const bar = {
      role: "progressbar",
      className: "progress-bar",
      style: { width: `${share}%` },
      "aria-label": label,
      "aria-valuenow": Math.round(share),
      "aria-valuemin": 0,
      "aria-valuemax": 100,
    };
    return h("div", { className: "progress" }, h("div", bar));
  }

  function Thumbnail({ sceneId }) {
    const [isMissing, setMissing] = React.useState(false);
    if (!sceneId || isMissing) return h("div", { className: "plexsync-thumbnail" });
    return h("img", {
      className: "plexsync-thumbnail",
      src: `${page.root()}scene/${sceneId}/screenshot`,
      alt: "",
      loading: "lazy",
      onError: () => setMissing(true),
    });
  }

  function SceneLink({ sceneId, title }) {
    const text = title || (sceneId ? t("scene.number", { id: sceneId }) : t("scene.none"));
    if (!sceneId) return h("span", null, text);
    return h(page.Router.Link, { to: `/scenes/${sceneId}` }, text);
  }

  /**
   * One row of a list: `before` and a scene's picture, its title, the children below, then `aside` or `actions`.
   * Without `sceneId` (null is a row that has none) there is no picture.
   */
  function Row({ before, sceneId, title, aside, actions, children }) {
    return h(
      "li",
      { className: "plexsync-row" },
      before,
      sceneId !== undefined && h(Thumbnail, { sceneId }),
      box("row-main", title && box("row-title", title), children),
      aside && box("row-aside", aside),
      actions && box("row-actions", actions)
    );
  }

  function Muted({ children }) {
    return page.muted("div", children);
  }

  function Help({ children }) {
    return page.muted("p", children);
  }

  function Line({ children }) {
    return box("line", children);
  }

  function Path({ path }) {
    return path ? h("code", { className: "plexsync-path" }, path) : null;
  }

  function Moment({ at }) {
    return h("time", { dateTime: new Date(at * 1000).toISOString(), title: words.clock(at) }, words.ago(at));
  }

  /** A field with what it was and is now, and what is to be said of it. */
  function Change({ field, was, now, mark }) {
    const [before, after] = [was, now].map(words.value);
    return box(
      "change",
      h("span", { className: "plexsync-field" }, words.field(field)),
      before !== after && parts(h("del", null, before), h("span", { "aria-hidden": true }, "→")),
      (before !== after || !mark) && h("ins", null, after),
      mark && h(Badge, { variant: "secondary" }, t(`mark.${mark}`))
    );
  }

  /** What a sync would change. */
  function Differences({ differences }) {
    return differences.map((each, index) =>
      h(Change, {
        key: index,
        field: each.field,
        was: each.was,
        now: each.will_be,
        mark: each.refused ? "refused" : each.lock_only && "lock_only",
      })
    );
  }

  /** A link that looks like a button. */
  function NewTab({ href, variant, children }) {
    const props = { className: `btn btn-sm btn-${variant}`, href, target: "_blank", rel: "noreferrer" };
    return h("a", props, h(Icon, { icon: icons.faArrowUpRightFromSquare }), children);
  }

  function Kind({ errorType }) {
    return h(Badge, { variant: "secondary", title: errorType }, words.kind(errorType));
  }

  /** A part that opens. */
  function Fold({ label, children, startsOpen }) {
    const [isOpen, setOpen] = React.useState(Boolean(startsOpen));
    return box(
      "fold",
      h(
        Button,
        { variant: "link", size: "sm", "aria-expanded": isOpen, onClick: () => setOpen(!isOpen) },
        h(Icon, { icon: isOpen ? icons.faChevronDown : icons.faChevronRight }),
        label
      ),
      isOpen && box("fold-content", children())
    );
  }

  /** Renders again every second. */
  function useTick(isTicking) {
    const [, setTick] = React.useState(0);
    React.useEffect(() => {
      if (!isTicking) return undefined;
      const timer = setInterval(() => setTick((tick) => tick + 1), 1000);
      return () => clearInterval(timer);
    }, [isTicking]);
  }

  const kept = {};

  /** A state that outlives its component, until what it began with (`from`) is another. */
  function useKept(key, from, initial = from) {
    if (kept[key] && kept[key].from !== from) delete kept[key];
    const [value, setValue] = React.useState(kept[key] ? kept[key].value : initial);
    const change = (next) => {
      kept[key] = { from, value: next };
      setValue(next);
    };
    return [value, change];
  }

  Object.assign(page, {
    Icon, Loading, Failure, Empty, Card, Figure, Outcome, Action, Progress, Thumbnail, SceneLink, Row, Muted,
    Help, Line, Busy, Path, Moment, Change, Differences, NewTab, Kind, Fold, useToasts, useConfirm, useTick,
    useKept, Plain, Check,
  });
})();
