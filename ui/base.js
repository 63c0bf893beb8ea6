// What the other scripts stand on. Stash joins them all, so each is a closure with its offers in window.PlexSync.
(function () {
  "use strict";
  const stash = window.PluginApi;
  const { React, libraries } = stash;

  const page = {
    version: "0.1.0",
    pluginId: "PlexSync",
    route: "/plugins/plexsync",
    React,
    h: React.createElement,
    Bootstrap: libraries.Bootstrap,
    Router: libraries.ReactRouterDOM,
    icons: libraries.FontAwesomeSolid,
  };

  /** A div of one of our classes. */
  page.box = (name, ...children) => page.h("div", { className: `plexsync-${name}` }, ...children);

  /** What is less important. */
  page.muted = (tag, ...children) => page.h(tag, { className: "text-muted" }, ...children);

  /** A plain div, and parts side by side without an element around them. */
  page.div = (...children) => page.h("div", null, ...children);
  page.parts = (...children) => page.h(React.Fragment, null, ...children);

  /** Where Stash lives, with a slash at the end: "/", or its sub-path behind a proxy. */
  page.root = function () {
    const base = document.querySelector("base");
    return (base && base.getAttribute("href")) || "/";
  };

  /** The address of a file in the plugin's folder, which Stash serves without a process. */
  page.asset = function (path) {
    return `${page.root()}plugin/${page.pluginId}/assets/${path}`;
  };

  let clockOffset = 0;

  /** Seconds since the epoch by the server's clock: the browser's may be wrong. */
  page.now = function () {
    return Date.now() / 1000 + clockOffset;
  };

  page.setClock = function (serverSeconds) {
    const offset = serverSeconds - Date.now() / 1000;
    // The Date header has whole seconds: a smaller difference is no news.
    clockOffset = Math.abs(offset) < 2 ? 0 : offset;
  };

  /** A value that this browser keeps; `fallback` where it keeps none. */
  page.remembered = function (key, fallback) {
    try {
      const text = window.localStorage.getItem(`plexsync.${key}`);
      return text === null ? fallback : JSON.parse(text);
    } catch (error) {
      return fallback;
    }
  };

  page.remember = function (key, value) {
    try {
      window.localStorage.setItem(`plexsync.${key}`, JSON.stringify(value));
    } catch (error) {
      console.warn("PlexSync: this browser keeps no settings", error);
    }
  };

  window.PlexSync = page;
})();
