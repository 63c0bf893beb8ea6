// How things stand, from the drainer's file; one reader for the whole of Stash's page.
(function () {
  "use strict";
  const page = window.PlexSync;
  const { React, api } = page;

  const MOVING_MS = 2000;
  const RESTING_MS = 15000;
  const WAKE_SECONDS = 600;

  /** A value that components follow. */
  function createStore(initial) {
    let value = initial;
    const followers = new Set();
    return {
      get: () => value,
      set(next) {
        value = next;
        followers.forEach((follow) => follow(next));
      },
      use() {
        const [current, setCurrent] = React.useState(value);
        React.useEffect(() => {
          followers.add(setCurrent);
          setCurrent(value);
          return () => followers.delete(setCurrent);
        }, []);
        return current;
      },
    };
  }

  class PluginAway extends Error {}

  /** Read a live file; null where there is none that may be believed. Throws where Stash itself does not answer. */
  async function readLive(name) {
    const response = await fetch(page.asset(`live/${name}`), { cache: "no-store" });
    const served = Date.parse(response.headers.get("Date")) / 1000;
    if (served) page.setClock(served);
    // Stash answers 400 for the files of a plugin that is disabled.
    if (response.status === 400) throw new PluginAway();
    if (!response.ok || response.redirected) return null;
    let content;
    try {
      content = await response.json();
    } catch (error) {
      return null;
    }
    const isPast = content.believe_until !== null && (served || page.now()) > content.believe_until;
    return isPast ? null : content;
  }

  const store = createStore({ status: null, error: null, isAway: false });
  let timer = null;
  let lastAsked = 0;
  let livelyUntil = 0;
  let isWanted = false;

  function isMoving(status) {
    return Boolean(status) && (status.in_progress > 0 || ["starting", "syncing", "comparing"].includes(status.drainer.doing));
  }

  async function ask() {
    lastAsked = Date.now();
    page.remember("woken", page.now());
    return api.operation("queue_status");
  }

  async function look() {
    try {
      let status = await readLive("status.json");
      if (status === null) {
        // A process each time: at most one in 15 s, whatever woke us.
        if (Date.now() - lastAsked < RESTING_MS - 100) return;
        status = await ask();
      }
      accept(status);
    } catch (error) {
      const isAway = error instanceof PluginAway || (await isDisabled());
      store.set({ status: isAway ? null : store.get().status, error: isAway ? null : error, isAway });
    }
  }

  async function isDisabled() {
    try {
      const plugin = await api.findPlugin();
      return plugin === null || !plugin.enabled;
    } catch (error) {
      return false; // Stash does not answer: that is said, not this
    }
  }

  async function round() {
    clearTimeout(timer);
    if (document.hidden) return;
    await look();
    clearTimeout(timer);
    const isLively = isMoving(store.get().status) || Date.now() < livelyUntil;
    timer = setTimeout(round, isLively ? MOVING_MS : RESTING_MS);
  }

  /** Look again now and more often for a while, after something that the person did. */
  function refresh() {
    lastAsked = 0;
    livelyUntil = Date.now() + RESTING_MS;
    return isWanted ? round() : undefined;
  }

  /** An operation's word is newer than the file, which follows within 60 s. */
  function accept(status) {
    const known = store.get().status;
    const age = known ? known.written_at - status.written_at : 0;
    store.set({ status: age > 0 && age < 60 ? known : status, error: null, isAway: false });
  }

  /** Begin to look, once per load of Stash's page. */
  async function start() {
    if (isWanted) return;
    isWanted = true;
    document.addEventListener("visibilitychange", () => !document.hidden && round());
    await round();
    await wake();
  }

  /** After a restart no hook may come for days: an operation starts a drainer where none lives. */
  async function wake() {
    const { status, isAway } = store.get();
    const isRecent = page.now() - page.remembered("woken", 0) < WAKE_SECONDS;
    if (isAway || isRecent || (status && status.drainer.alive)) return;
    try {
      accept(await ask());
    } catch (error) {
      store.set({ ...store.get(), error });
    }
  }

  const scenes = createStore(null);
  let scenesStarted = false;

  /** The ids that wait or failed, for the badges; never an operation. */
  function useLiveScenes() {
    React.useEffect(() => {
      if (scenesStarted) return;
      scenesStarted = true;
      const read = async () => {
        if (document.hidden) return;
        try {
          scenes.set(await readLive("scenes.json"));
        } catch (error) {
          scenes.set(null);
        }
      };
      read();
      setInterval(read, RESTING_MS);
    }, []);
    return scenes.use();
  }

  page.live = { useStatus: store.use, start, refresh, accept, useLiveScenes, createStore };
})();
