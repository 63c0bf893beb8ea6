// The tab Setup: the steps to a sync that works, then everything else that can be set.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { React, h, div, t, api, live, icons, Action, Card } = page;
  const { Badge, Form } = page.Bootstrap;

  function Step({ number, title, state, children }) {
    const icon = { done: icons.faCircleCheck, wrong: icons.faTriangleExclamation }[state];
    return h(
      "section",
      { className: `plexsync-card plexsync-step card plexsync-step-${state}` },
      h(
        "header",
        null,
        h(
          "h2",
          null,
          h("span", { className: "plexsync-step-number", "aria-hidden": true }, icon ? h(page.Icon, { icon }) : number),
          title
        ),
        state !== "open" && h(Badge, { variant: state === "done" ? "success" : "danger" }, t(`step.${state}`))
      ),
      children
    );
  }

  function ByHand({ settings, onSave }) {
    const [url, setUrl] = page.useKept("plex_url", settings.plex_url.value || "");
    const [token, setToken] = React.useState("");
    const keep = settings.plex_token.is_set;
    const changes = { plex_url: url.trim(), ...(token ? { plex_token: token.trim() } : {}) };
    return div(
      h(page.TextField, {
        id: "plexsync-url",
        label: t("setup.url"),
        value: url,
        onChange: setUrl,
        placeholder: "http://192.168.1.10:32400",
      }),
      h(page.TextField, {
        id: "plexsync-token",
        label: t("setup.token"),
        value: token,
        onChange: setToken,
        isSecret: true,
        placeholder: keep ? t("setup.token_kept") : "",
      }),
      h(Action, {
        label: t("action.save"),
        variant: "primary",
        onRun: () => onSave(changes),
        disabled: !changes.plex_url || !(token || keep),
      })
    );
  }

  function Connect({ settings, isConnected, save }) {
    return h(
      Step,
      { number: 1, title: t("step.connect"), state: isConnected ? "done" : "open" },
      isConnected && h("p", null, t("setup.connected"), " ", h("code", null, settings.plex_url.value)),
      h(page.Fold, { label: t("setup.sign_in"), startsOpen: !isConnected, key: `sign-in-${isConnected}` }, () =>
        h(page.PlexLogin, { onSave: save })
      ),
      h(page.Fold, { label: t("setup.by_hand") }, () => h(ByHand, { settings, onSave: save }))
    );
  }

  /** plex_library as names: separated by commas, a name with a comma in double quotes. */
  function splitNames(text) {
    return (text.match(/"[^"]*"|[^,]+/g) || []).map((name) => name.trim().replace(/^"|"$/g, "")).filter(Boolean);
  }

  function joinNames(names) {
    return names.map((name) => (name.includes(",") ? `"${name}"` : name)).join(", ");
  }

  function LibraryChoice({ settings, save }) {
    const answer = api.useOperation("libraries");
    const saved = splitNames(settings.plex_library.value || "");
    const [chosen, setChosen] = page.useKept(`libraries ${settings.plex_url.value}`, settings.plex_library.value, saved);
    const isIn = (name) => chosen.some((other) => other.toLowerCase() === name.toLowerCase());
    const toggle = (name) =>
      setChosen(isIn(name) ? chosen.filter((other) => other.toLowerCase() !== name.toLowerCase()) : [...chosen, name]);
    return h(page.Outcome, { answer }, (data) =>
      div(
        h(page.Help, null, t("setup.server", { server: data.server, version: data.version })),
        !data.is_owner && h("p", { className: "text-warning" }, t("setup.not_owner")),
        h(
          "fieldset",
          null,
          h("legend", null, t("setup.libraries")),
          data.libraries.map((library) =>
            h(page.Check, {
              key: library.name,
              id: `plexsync-library-${library.name}`.replace(/[^\w-]/g, "_"),
              checked: isIn(library.name),
              disabled: !library.usable,
              onChange: () => toggle(library.name),
              label: h(
                "span",
                null,
                library.name,
                " ",
                page.muted(
                  "span",
                  library.usable ? library.folders.join(", ") : t("setup.unusable", { type: library.type })
                )
              ),
            })
          )
        ),
        h(page.Help, null, t("setup.libraries_help")),
        h(Action, {
          label: t("action.save"),
          variant: "primary",
          onRun: () => save({ plex_library: joinNames(chosen) }),
          disabled: joinNames(chosen) === joinNames(saved),
        })
      )
    );
  }

  function Badges() {
    const [isOn, setOn] = React.useState(page.remembered("badges", false));
    function change() {
      page.remember("badges", !isOn);
      setOn(!isOn);
    }
    return h(
      Card,
      { title: t("badges.title") },
      h(Form.Check, {
        type: "switch",
        id: "plexsync-badges",
        label: t("badges.label"),
        checked: isOn,
        onChange: change,
      }),
      h(page.Help, null, t("badges.help"))
    );
  }

  function useUnlocking(toasts) {
    const [dialog, ask] = page.useConfirm();
    async function unlock() {
      const preview = await api.operation("unlock", { dry_run: true });
      const isAgreed = await ask({
        title: t("locks.title"),
        accept: t("locks.accept"),
        isDanger: true,
        isRefused: preview.items === 0,
        body: preview.items ? t("locks.will", { count: preview.items }) : t("locks.none"),
      });
      if (!isAgreed) return;
      const done = await api.operation("unlock", { dry_run: false });
      toasts.done(t("locks.done", { count: done.unlocked }));
    }
    return [dialog, unlock];
  }

  function Locks({ unlock }) {
    return h(
      Card,
      { title: t("locks.title") },
      h(page.Help, null, t("locks.help")),
      h(Action, { label: t("locks.preview"), icon: icons.faLockOpen, onRun: unlock })
    );
  }

  function Pin({ pin, onChanged }) {
    const { unpin } = page.usePin(pin.scene_id, onChanged);
    return h(
      page.Row,
      {
        sceneId: pin.scene_id,
        title: h(page.SceneLink, { sceneId: pin.scene_id, title: pin.title }),
        actions: h(Action, { label: t("pins.remove"), icon: icons.faXmark, onRun: () => unpin(pin.rating_key) }),
      },
      div(t("pins.shows", { item: pin.item_title, library: pin.library })),
      h(page.Path, { path: pin.path })
    );
  }

  function Pins() {
    const paged = page.usePaged("pins", {});
    return h(
      Card,
      { title: t("pins.title") },
      h(page.Help, null, t("pins.help")),
      h(page.List, {
        paged,
        of: "pins",
        empty: { title: t("pins.empty"), icon: icons.faThumbtack },
        row: (pin, index) => h(Pin, { key: index, pin, onChanged: paged.reload }),
      })
    );
  }

  page.SetupView = function () {
    const answer = api.useOperation("settings");
    const toasts = page.useToasts();
    const [dialog, unlock] = useUnlocking(toasts);
    async function save(changes) {
      await api.saveSettings(changes);
      toasts.done(t("settings.saved"));
      await Promise.all([answer.reload(), live.refresh()]);
      if (changes.refresh_instead) unlock().catch(toasts.failed);
    }
    return h(page.Outcome, { answer }, (data) => {
      const settings = Object.fromEntries(data.settings.map((setting) => [setting.name, setting]));
      const isSound = (name) => settings[name].is_set && !settings[name].problem;
      const isConnected = isSound("plex_url") && isSound("plex_token");
      return div(
        !isConnected && h("p", { className: "plexsync-welcome" }, t("setup.welcome")),
        h(Connect, { settings, isConnected, save }),
        isConnected &&
          h(
            Step,
            {
              number: 2,
              title: t("step.library"),
              state: settings.plex_library.problem ? "wrong" : settings.plex_library.is_set ? "done" : "open",
            },
            h(LibraryChoice, { key: settings.plex_url.value, settings, save })
          ),
        isConnected && h(page.DoctorSteps, { Step, settings, save }),
        h(page.SettingsForm, { data, save }),
        isConnected && h(Pins),
        h(Badges),
        isConnected && h(Locks, { unlock }),
        dialog
      );
    });
  };
})();
