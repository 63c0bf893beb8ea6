// All settings in groups: what is in force, its default, and what is wrong with it.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { React, h, box, t, words } = page;
  const { Button, Form } = page.Bootstrap;

  page.TextField = function ({ id, label, value, onChange, isSecret, placeholder, describedBy, isInvalid, type }) {
    return h(
      Form.Group,
      { controlId: id, className: "plexsync-field-group" },
      label && h(Form.Label, null, label),
      h(Form.Control, {
        type: isSecret ? "password" : type || "text",
        size: "sm",
        value,
        placeholder,
        isInvalid,
        autoComplete: isSecret ? "new-password" : "off",
        spellCheck: false,
        "aria-describedby": describedBy,
        onChange: (event) => onChange(event.target.value),
      })
    );
  };

  function Control({ setting, value, onChange, describedBy }) {
    const id = `plexsync-setting-${setting.name}`;
    const common = { id, describedBy, isInvalid: Boolean(setting.problem) };
    if (setting.type === "switch") {
      return h(Form.Check, {
        type: "switch",
        id,
        checked: Boolean(value),
        label: h("span", { className: "sr-only" }, setting.title),
        "aria-describedby": describedBy,
        onChange: () => onChange(!value),
      });
    }
    if (setting.type === "choice") {
      const choices = setting.choices.includes(value) ? setting.choices : [...setting.choices, value];
      return h(page.Choice, {
        id,
        value,
        "aria-describedby": describedBy,
        isInvalid: common.isInvalid,
        onChange,
        choices: choices.map((choice) => [choice, choiceText(setting.name, choice)]),
      });
    }
    if (setting.type === "fields") return h(FieldChoice, { setting, value, onChange });
    return h(page.TextField, {
      ...common,
      value: String(value === null ? "" : value),
      isSecret: setting.type === "secret",
      type: setting.type === "number" ? "number" : "text",
      placeholder: setting.type === "secret" && setting.is_set ? t("setup.token_kept") : "",
      onChange: (text) => onChange(setting.type === "number" && text !== "" ? Number(text) : text),
    });
  }

  function choiceText(name, choice) {
    const key = `choice.${name}.${choice}`;
    return page.hasText(key) ? t(key) : choice === "" ? t("settings.nothing") : String(choice);
  }

  function FieldChoice({ setting, value, onChange }) {
    const names = String(value || "")
      .split(",")
      .map((name) => name.trim().toLowerCase())
      .filter(Boolean);
    const toggle = (name) =>
      onChange((names.includes(name) ? names.filter((other) => other !== name) : [...names, name]).join(", "));
    return h(
      "div",
      {
        className: "plexsync-choices",
        role: "group",
        "aria-label": setting.title,
        id: `plexsync-setting-${setting.name}`,
      },
      setting.choices.map((name) =>
        h(page.Check, {
          key: name,
          id: `plexsync-${setting.name}-${name}`,
          label: words.field(name),
          checked: names.includes(name),
          onChange: () => toggle(name),
        })
      )
    );
  }

  function defaultText(setting) {
    if (setting.type === "switch" || setting.type === "secret") return "";
    const isNothing =
      setting.default === "" || setting.default === null || (Array.isArray(setting.default) && !setting.default.length);
    return isNothing ? t("settings.no_default") : t("settings.default", { value: words.value(setting.default) });
  }

  function Setting({ setting, value, isChanged, onChange }) {
    const helpId = `plexsync-help-${setting.name}`;
    const isOwnGroup = setting.type === "fields";
    return h(
      "div",
      { className: `plexsync-setting ${isChanged ? "plexsync-changed" : ""}` },
      box(
        "setting-text",
        isOwnGroup
          ? h("span", { className: "plexsync-label" }, setting.title)
          : h("label", { className: "plexsync-label", htmlFor: `plexsync-setting-${setting.name}` }, setting.title),
        h(
          "div",
          { id: helpId },
          page.muted("div", setting.description),
          page.muted("small", h("code", null, setting.name), defaultText(setting)),
          setting.problem && box("problem", setting.problem)
        )
      ),
      box(
        "setting-control",
        h(Control, { setting, value, onChange, describedBy: helpId }),
        setting.is_set &&
          setting.type !== "switch" &&
          h(
            Button,
            {
              variant: "link",
              size: "sm",
              onClick: () => onChange(undefined),
              "aria-label": t("settings.reset_one", { name: setting.title }),
            },
            t("settings.reset")
          )
      )
    );
  }

  /** Settings that no group names stand at the end. */
  function withRest(groups, names) {
    const named = new Set(groups.flatMap((group) => group.settings));
    const rest = names.filter((name) => !named.has(name));
    return rest.length ? [...groups, { id: "rest", settings: rest }] : groups;
  }

  function groupTitle(id) {
    return page.hasText(`group.${id}`) ? t(`group.${id}`) : id;
  }

  page.SettingsForm = function ({ data, save }) {
    const [changes, setChanges] = page.useKept("settings", "", {});
    const settings = Object.fromEntries(data.settings.map((setting) => [setting.name, setting]));
    const count = Object.keys(changes).length;
    const shown = (setting) => {
      if (!(setting.name in changes)) return setting.value;
      return changes[setting.name] === undefined ? setting.default : changes[setting.name];
    };
    async function saveAll() {
      await save(changes);
      setChanges({});
    }
    return h(
      "section",
      { className: "plexsync-settings", "aria-label": t("settings.title") },
      withRest(data.groups, Object.keys(settings)).map((group) =>
        h(
          page.Card,
          { key: group.id, title: groupTitle(group.id) },
          group.settings
            .filter((name) => settings[name])
            .map((name) =>
              h(Setting, {
                key: name,
                setting: settings[name],
                value: shown(settings[name]),
                isChanged: name in changes,
                onChange: (value) => setChanges({ ...changes, [name]: value }),
              })
            )
        )
      ),
      count > 0 &&
        h(
          "div",
          { className: "plexsync-savebar", role: "region", "aria-label": t("settings.unsaved", { count }) },
          h("span", { role: "status" }, t("settings.unsaved", { count })),
          h(page.Action, { label: t("action.save"), variant: "primary", onRun: saveAll }),
          h(page.Plain, { onClick: () => setChanges({}) }, t("settings.dismiss"))
        )
    );
  };

  // --- Stash's own form, which would be sorted by key

  let groupsRead = null;

  function readGroups() {
    groupsRead =
      groupsRead ||
      fetch(page.asset("ui/setting_groups.json")).then((response) => (response.ok ? response.json() : []));
    return groupsRead;
  }

  page.OwnForm = function ({ original, pluginID, settings }) {
    // It may be a new function each time, and every field would lose its focus.
    const Original = React.useRef(original).current;
    const [groups, setGroups] = React.useState(null);
    React.useEffect(() => {
      let isThere = true;
      readGroups()
        .catch(() => [])
        .then((read) => isThere && setGroups(read));
      return () => void (isThere = false);
    }, []);
    if (groups === null) return h(page.Loading);
    const byName = Object.fromEntries(settings.map((setting) => [setting.name, setting]));
    return box(
      "own-form",
      h(
        "p",
        null,
        h(
          page.Router.Link,
          { to: `${page.route}?tab=setup`, className: "btn btn-primary btn-sm" },
          t("settings.open_page")
        ),
        " ",
        page.muted("span", t("settings.open_help"))
      ),
      withRest(groups, Object.keys(byName)).map((group) => {
        const members = group.settings.filter((name) => byName[name]).map((name) => byName[name]);
        return (
          members.length > 0 &&
          h(
            "section",
            { key: group.id },
            h("h3", null, groupTitle(group.id)),
            h(Original, { pluginID, settings: members })
          )
        );
      })
    );
  };
})();
