// What Stash v0.30 offers plugins as window.PluginApi (ui/v2.5/src/pluginApi.tsx), made of the libraries that it ships.
import React from "react";
import ReactDOM from "react-dom";
import * as ReactRouterDOM from "react-router-dom";
import * as Apollo from "@apollo/client";
import * as Bootstrap from "react-bootstrap";
import * as Intl from "react-intl";
import * as FontAwesomeSolid from "@fortawesome/free-solid-svg-icons";
import * as FontAwesomeRegular from "@fortawesome/free-regular-svg-icons";
import * as FontAwesomeBrands from "@fortawesome/free-brands-svg-icons";
import { FontAwesomeIcon } from "@fortawesome/react-fontawesome";
import Mousetrap from "mousetrap";

const h = React.createElement;
export const root = document.querySelector("base")?.getAttribute("href") ?? "/";
export const client = new Apollo.ApolloClient({ uri: `${root}graphql`, cache: new Apollo.InMemoryCache() });

// --- patches: before gives the new arguments, instead gets what it replaces, after gets the result

const patches = { before: {}, instead: {}, after: {} };
const components = {};

function adder(kind) {
  return (name, patch) => (patches[kind][name] ??= []).push(patch);
}

export function patched(name, component) {
  function run(...received) {
    const args = (patches.before[name] ?? []).reduce((current, patch) => patch(...current), received);
    const replacements = patches.instead[name] ?? [];
    const from = (index) => (index < replacements.length ? (...given) => replacements[index](...given, from(index + 1)) : component);
    const result = from(0)(...args);
    return (patches.after[name] ?? []).reduce((current, patch) => patch(...args, current), result);
  }
  components[name] = run;
  return run;
}

export const container = (name) => patched(name, ({ children }) => h(React.Fragment, null, children));

// --- components that a plugin uses

patched("Icon", ({ icon, className }) => h(FontAwesomeIcon, { icon, className: `fa-icon ${className ?? ""}` }));
patched("LoadingIndicator", () => h(Bootstrap.Spinner, { animation: "border", role: "status" }));
export const Setting = patched("Setting", ({ id, heading, subHeading, children }) =>
  h(
    "div",
    { className: "setting", id },
    h("div", null, h("h3", null, heading), subHeading && h("div", { className: "sub-heading" }, subHeading)),
    h("div", null, children)
  )
);

const ToastContext = React.createContext(null);

export function ToastProvider({ children }) {
  const [toast, setToast] = React.useState(null);
  const show = React.useCallback((item) => setToast({ ...item, id: Math.random() }), []);
  // A click on the text opens it as a dialog (ui/v2.5/src/hooks/Toast.tsx).
  const [opened, open] = React.useState(null);
  const shown =
    toast &&
    h(
      Bootstrap.Toast,
      {
        autohide: true, key: toast.id, onClose: () => setToast(null), className: toast.variant ?? "success",
        delay: toast.delay ?? 3000,
      },
      h(Bootstrap.Toast.Header, { closeButton: false }, h("span", { className: "mr-auto", onClick: () => open(toast.content) }, toast.content))
    );
  return h(
    ToastContext.Provider,
    { value: show },
    children,
    h("div", { className: `toast-container row ${toast ? "" : "hidden"}` }, shown),
    h(Bootstrap.Modal, { show: opened !== null, onHide: () => open(null) }, h(Bootstrap.Modal.Header, null, "Error"), opened)
  );
}

function useToast() {
  const show = React.useContext(ToastContext);
  const text = (error) => (error instanceof Error ? error.message : String(error));
  return React.useMemo(
    () => ({
      toast: show,
      success: (content) => show({ content }),
      error: (error) => show({ content: text(error), variant: "danger", delay: 5000 }),
    }),
    [show]
  );
}

function route(path, component) {
  adder("before")("PluginRoutes", ({ children }) => [
    { children: h(React.Fragment, null, children, h(ReactRouterDOM.Route, { path, component })) },
  ]);
}

const nothing = async () => undefined;

window.PluginApi = {
  React,
  ReactDOM,
  libraries: {
    ReactRouterDOM, Bootstrap, Apollo, Intl, FontAwesomeSolid, FontAwesomeRegular, FontAwesomeBrands, Mousetrap,
  },
  register: { route, component: patched },
  components,
  loadableComponents: { Settings: nothing, Scenes: nothing },
  utils: { StashService: { getClient: () => client }, loadComponents: nothing },
  hooks: { useToast, useLoadComponents: () => false, useSettings: () => ({ plugins: {} }) },
  patch: { before: adder("before"), instead: adder("instead"), after: adder("after") },
  Event: new EventTarget(),
};
