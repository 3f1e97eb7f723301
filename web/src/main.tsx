/** Puts the page together: one session, one API, one root. Nothing else is made at import. */

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { type HttpOptions, sender } from "./api/http";
import { browserLocks } from "./api/locks";
import { ProsaApi } from "./api/prosa";
import { Session } from "./api/session";
import { LocalStorageVault } from "./api/tokenVault";
import { applyLanguage, readLanguage } from "./chat/language";
import { applyTheme, readTheme } from "./chat/theme";
import { App } from "./components/App";
import "./styles/index.css";

const options: HttpOptions = { baseUrl: "/api", wakeOn: window };
const session = new Session(sender(options), new LocalStorageVault(), browserLocks());
const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");

applyTheme(readTheme());
applyLanguage(readLanguage());
createRoot(root).render(
  <StrictMode>
    <App session={session} api={new ProsaApi(session, options)} />
  </StrictMode>,
);
