/**
 * Runs in the page before its own script, and records whatever a hostile text got done:
 * `harm.found`. It looks at each change of the document, so also at what stands there only between
 * two pieces of a stream, and at what has scrolled out of the thread since.
 */
(() => {
  const found = new Set();
  const headings = new Set();
  let steps = 0;
  globalThis.harm = {
    get found() {
      return [...found];
    },
    /** Headings of samples that were drawn: those were not swallowed by the one before. */
    get headings() {
      return [...headings];
    },
    /** Changes of a reply while it was written. */
    get steps() {
      return steps;
    },
  };

  // What the samples set when they run.
  Object.defineProperty(globalThis, "pwned", {
    set: () => found.add(`ran: window.pwned was set\n${new Error().stack}`),
  });
  document.addEventListener("securitypolicyviolation", (event) => {
    found.add(`refused by the policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
  });

  const NEVER =
    "applet audio base embed frame frameset iframe marquee math object param picture plaintext portal" +
    " source style template track video xmp use foreignObject animate animateTransform set image";
  const OF_REPLY = new Set(
    ("a blockquote br button code del div em h1 h2 h3 h4 h5 h6 hr input li ol p path pre section span" +
      " strong sup svg table tbody td th thead tr ul").split(" "),
  );
  const FETCHES = "src srcset srcdoc action formaction background poster ping data manifest".split(" ");
  // Where a text is shown as it is: nothing but the marks of a search.
  const PLAIN = ".said__text, .row__title, .topbar__title, .results__name, .results__snippet, .dialog__note";

  function judge(element) {
    const tag = element.localName;
    const told = element.outerHTML.slice(0, 200);
    const reply = element.closest(".prose");
    if (NEVER.split(" ").includes(tag) || element.matches("script, link, meta") && element.closest("body")) {
      found.add(`element: ${told}`);
    }
    if (reply !== null && reply !== element && !OF_REPLY.has(tag)) found.add(`in a reply: ${told}`);
    const plain = element.parentElement?.closest(PLAIN);
    if (plain && !element.matches("mark, .results__role")) found.add(`in plain text: ${told}`);
    for (const { name, value } of element.attributes) {
      if (name.startsWith("on")) found.add(`handler: ${told}`);
      if (FETCHES.includes(name) && !element.matches("head script")) found.add(`fetches: ${told}`);
      if (reply !== null && name === "style" && !/^text-align: ?(left|right|center);?$/.test(value)) found.add(`style: ${told}`);
      if (reply !== null && ["id", "name"].includes(name) && !value.startsWith("user-content-")) found.add(`name: ${told}`);
      if (name.endsWith("href")) judgeLink(element, reply !== null, told);
    }
    if (element.matches(".prose strong") && element.textContent.startsWith("Sample ")) headings.add(element.textContent);
  }

  function judgeLink(element, isOfReply, told) {
    if (element.localName === "link") {
      if (new URL(element.href).origin !== location.origin) found.add(`fetches: ${told}`);
      return;
    }
    const isWeb = element.localName === "a" && ["http:", "https:"].includes(element.protocol);
    if (!isWeb) found.add(`link: ${told}`);
    else if (element.origin !== location.origin && !element.relList.contains("noopener")) found.add(`opener: ${told}`);
    else if (isOfReply && element.origin === location.origin) found.add(`link into the page: ${told}`);
  }

  new MutationObserver((changes) => {
    if (document.querySelector(".prose[data-streaming=true]")) steps += 1;
    for (const { type, target, addedNodes } of changes) {
      if (type === "attributes") judge(target);
      const within = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
      if (within?.closest(".prose strong")) judge(within);
      for (const node of addedNodes) {
        if (node.nodeType !== Node.ELEMENT_NODE) continue;
        judge(node);
        node.querySelectorAll("*").forEach(judge);
      }
    }
  }).observe(document, { attributes: true, childList: true, characterData: true, subtree: true });
})();
