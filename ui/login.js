// Signing in with Plex: a link, a code, and the page waits.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { React, h, box, div, t, words, api, icons, Action } = page;
  const { Alert } = page.Bootstrap;
  const ASK_MS = 5000;

  /** Asks until the code is confirmed or has expired, or the component has gone. */
  function useLogin(onSignedIn) {
    const [login, setLogin] = React.useState(null);
    React.useEffect(() => {
      if (!login || login.state !== "waiting") return undefined;
      let isOver = false;
      const timer = setTimeout(async () => {
        let next;
        try {
          const reply = await api.operation("login_check", { id: login.id, code: login.code });
          next = { ...login, state: reply.state, problem: reply.problem };
          if (reply.state === "signed_in" && !isOver) onSignedIn(reply);
        } catch (error) {
          next = { ...login, problem: error.message };
        }
        if (next.state === "waiting" && page.now() > next.expires_at) next.state = "expired";
        if (!isOver) setLogin(next);
      }, page.loginMilliseconds || ASK_MS);
      return () => {
        isOver = true;
        clearTimeout(timer);
      };
    }, [login]);
    return [login, setLogin];
  }

  function Code({ login, onCancel }) {
    return box(
      "code",
      h("p", null, t("login.open")),
      h("p", { className: "plexsync-code-text", "aria-label": t("login.code", { code: login.code }) }, login.code),
      h(
        page.Line,
        null,
        h(page.NewTab, { href: login.url, variant: "primary" }, t("login.link")),
        h(page.Plain, { onClick: onCancel }, t("action.cancel"))
      ),
      h(
        "p",
        { className: "text-muted", role: "status" },
        h(page.Busy),
        " ",
        t("login.waiting", { when: words.clock(login.expires_at) })
      ),
      login.problem && h(Alert, { variant: "warning" }, t("login.problem", { problem: login.problem }))
    );
  }

  function Address({ server, address, chosen, onChoose }) {
    const facts = [
      t(address.is_relay ? "address.relay" : address.is_local ? "address.local" : "address.remote"),
      address.reachable ? t("address.reachable") : address.problem || t("address.unreachable"),
    ];
    const id = `plexsync-address-${server.name}-${address.url}`.replace(/[^\w-]/g, "_");
    return h(page.Check, {
      type: "radio",
      name: "plexsync-address",
      id,
      checked: chosen === address.url,
      disabled: !address.reachable,
      onChange: () => onChoose({ server, url: address.url }),
      label: h("span", null, h("code", null, address.url), " ", page.muted("span", facts.join(", "))),
    });
  }

  function Servers({ account, servers, onSave, onCancel }) {
    const first = servers.find((server) => server.chosen !== null);
    const [choice, setChoice] = React.useState(first ? { server: first, url: first.chosen } : null);
    if (servers.length === 0) {
      return h(
        Alert,
        { variant: "warning" },
        t("login.no_server", { account }),
        " ",
        h(page.Plain, { onClick: onCancel }, t("action.back"))
      );
    }
    return div(
      h("p", null, t("login.choose", { account })),
      servers.map((server) =>
        h(
          "fieldset",
          { key: server.name },
          h("legend", null, server.name, " ", page.muted("small", server.version)),
          server.addresses.map((address) =>
            h(Address, {
              key: address.url,
              server,
              address,
              chosen: choice && choice.server === server ? choice.url : null,
              onChoose: setChoice,
            })
          )
        )
      ),
      h(
        page.Line,
        null,
        h(Action, {
          label: t("login.use"),
          variant: "primary",
          disabled: !choice,
          onRun: () => onSave({ plex_url: choice.url, plex_token: choice.server.token }),
        }),
        h(page.Plain, { onClick: onCancel }, t("action.cancel"))
      )
    );
  }

  /** `onSave({plex_url, plex_token})` keeps what was chosen. */
  page.PlexLogin = function ({ onSave }) {
    const [found, setFound] = React.useState(null);
    const isThere = React.useRef(true);
    React.useEffect(() => () => void (isThere.current = false), []);
    const [login, setLogin] = useLogin(setFound);
    const cancel = () => {
      if (!isThere.current) return;
      setFound(null);
      setLogin(null);
    };
    async function start() {
      setFound(null);
      setLogin({ ...(await api.operation("login_start")), state: "waiting", problem: "" });
    }
    if (found) {
      return h(Servers, {
        account: found.account,
        servers: found.servers,
        onCancel: cancel,
        onSave: async (values) => {
          await onSave(values);
          cancel();
        },
      });
    }
    if (login && login.state === "waiting") return h(Code, { login, onCancel: cancel });
    return div(
      login && login.state === "expired" && h(Alert, { variant: "warning" }, t("login.expired")),
      h(page.Help, null, t("login.help")),
      h(Action, { label: t("setup.sign_in"), icon: icons.faArrowRightToBracket, variant: "primary", onRun: start })
    );
  };
})();
