// Runs in the page, for tests/e2e/test_long_thread.py: what each frame of a thread shows.
window.watch = {
  longest: 0, // task of the main thread, ms
  maxNodes: 0,
  // Of what is in view, since `begin`: how far it went in all, and the farthest it ever went up in
  // one frame. Down is positive.
  moved: 0,
  maxUp: 0,
  left: 0, // from the view to the end, px
  maxLeft: 0,
  wheeled: 0, // how far the wheel was turned, px
  touched: new Set(), // keys of the items in which anything changed
  begin() {
    const { watch } = window;
    Object.assign(watch, { longest: 0, maxNodes: 0, moved: 0, maxUp: 0, maxLeft: 0 });
    watch.touched.clear();
    watch.before = null;
    if (watch.runs) return;
    watch.runs = true;
    addEventListener("wheel", (event) => (watch.wheeled += event.deltaY), { passive: true });
    new MutationObserver((records) => {
      for (const { target } of records) {
        const element = target instanceof Element ? target : target.parentElement;
        const item = element?.closest("[data-key]");
        // The item's own attributes say where it lies.
        if (item && item !== element) watch.touched.add(item.dataset.key);
      }
    }).observe(document.querySelector("main"), {
      subtree: true,
      childList: true,
      characterData: true,
      attributes: true,
    });
    // After the frame: before it, heights are not measured yet that are when it is painted.
    const frame = () => {
      watch.look();
      requestAnimationFrame(() => scheduler.postTask(frame, { priority: "user-blocking" }));
    };
    frame();
  },
  look() {
    const { watch } = window;
    const box = document.querySelector(".thread__scroller");
    if (box === null) return;
    watch.maxNodes = Math.max(watch.maxNodes, document.getElementsByTagName("*").length);
    watch.left = box.scrollHeight - box.scrollTop - box.clientHeight;
    watch.maxLeft = Math.max(watch.maxLeft, watch.left);
    const now = new Map();
    const { top, bottom } = box.getBoundingClientRect();
    for (const item of box.querySelectorAll("[data-key]")) {
      const place = item.getBoundingClientRect();
      if (place.bottom > top && place.top < bottom) now.set(item.dataset.key, place.top);
    }
    for (const [key, place] of now) {
      const was = watch.before?.get(key);
      if (was === undefined) continue;
      watch.moved += place - was;
      watch.maxUp = Math.max(watch.maxUp, was - place);
      break;
    }
    watch.before = now;
  },
};
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    window.watch.longest = Math.max(window.watch.longest, duration);
  }
}).observe({ type: "longtask", buffered: true });
