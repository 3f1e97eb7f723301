/** Refresh tokens work once: however many calls and tabs need a new one, each is used once. */

import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { sender } from "../src/api/http";
import { type LockManagerLike, PageLocks } from "../src/api/locks";
import { Session, SignedOut } from "../src/api/session";
import { type Answer, ApiServer } from "./server";
import { aUser, SharedVault, tokens } from "./session.builders";

const REFRESH = "POST /auth/refresh";
const call = { method: "GET", path: "/models" } as const;

let server: ApiServer;
let vault: SharedVault;
let lock: LockManagerLike;
let baseUrl: string;

beforeEach(async () => {
  server = new ApiServer();
  baseUrl = await server.listen();
  vault = new SharedVault();
  lock = new PageLocks();
  rotateTokens();
});

afterEach(() => server.close());

/** Serve the API's rotation: a token that was used before ends the session. */
function rotateTokens(): void {
  let serial = 1;
  server.routes.set("POST /auth/guest", () => ({ status: 200, body: tokens(serial) }));
  server.routes.set(REFRESH, (_tried, { body }) => {
    const given = (body as { refresh_token: string }).refresh_token;
    if (given !== `refresh-${serial}`) return { status: 401, body: { code: "session_revoked" } };
    serial += 1;
    return { status: 200, body: tokens(serial) };
  });
  server.routes.set("GET /models", (_tried, { headers }) =>
    headers.authorization === `Bearer access-${serial}`
      ? { status: 200, body: { items: [] } }
      : { status: 401, body: { code: "token_expired" } },
  );
}

/** Let `call` wait for its answer; gives how to answer it. */
function hold(call: string): (answer: Answer) => void {
  let give: (answer: Answer) => void = () => undefined;
  const answered = new Promise<Answer>((resolve) => (give = resolve));
  server.routes.set(call, () => answered);
  return give;
}

function aTab(): Session {
  return new Session(sender({ baseUrl }), vault.tab(), lock);
}

it("refreshes once for many calls that find the token ended", async () => {
  vault.tab().write(tokens(1));
  const tab = aTab();
  const answers = await Promise.all([1, 2, 3].map(() => tab.send(call)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(server.tries(REFRESH)).toBe(1);
});

it("refreshes and repeats the call once when the server says 401", async () => {
  const tab = aTab();
  await tab.signIn("/auth/guest");
  const other = aTab();
  await other.refresh();
  expect((await tab.send(call)).status).toBe(200);
  expect(server.tries("GET /models")).toBe(2);
});

it("never uses one refresh token twice from two tabs", async () => {
  vault.tab().write(tokens(1));
  const [first, second] = [aTab(), aTab()];
  await Promise.all([first.refresh(), second.refresh()]);
  const used = server.seen.filter((seen) => seen.call === REFRESH).map(({ body }) => body);
  expect(used).toEqual([{ refresh_token: "refresh-1" }, { refresh_token: "refresh-2" }]);
  expect(vault.stored?.refresh_token).toBe("refresh-3");
});

it("signs out when the session is over, in every tab", async () => {
  const other = aTab();
  vault.tab().write({ refresh_token: "stolen and used", user: aUser() });
  const tab = aTab();
  await expect(tab.send(call)).rejects.toBeInstanceOf(SignedOut);
  expect([tab.user, other.user, vault.stored]).toEqual([null, null, null]);
});

it("stays signed in when the server cannot be reached", async () => {
  vault.tab().write(tokens(1));
  server.routes.set(REFRESH, () => ({ status: 503 }));
  const tab = aTab();
  await expect(tab.send(call)).rejects.toMatchObject({ status: 503 });
  expect(tab.user).toEqual(aUser());
});

it("sends along who a guest was when they register", async () => {
  const tab = aTab();
  await tab.signIn("/auth/guest");
  server.routes.set("POST /auth/register", () => ({ status: 200, body: tokens(7) }));
  await tab.signIn("/auth/register", { email: "a@example.org", password: "long enough" });
  expect(server.seen.at(-1)?.headers.authorization).toBe("Bearer access-1");
});

it("keeps the account that a refresh met while the guest registered", async () => {
  const tab = aTab();
  await tab.signIn("/auth/guest");
  // The guest's session ends before the answer: its socket is closed, which asks for a refresh.
  server.routes.set(REFRESH, (_tried, { body }) =>
    (body as { refresh_token: string }).refresh_token === "refresh-7"
      ? { status: 200, body: tokens(8) }
      : { status: 401, body: { code: "session_revoked" } },
  );
  const registered = hold("POST /auth/register");
  const registering = tab.signIn("/auth/register", { email: "a@example.org", password: "long enough" });
  await vi.waitFor(() => {
    expect(server.tries("POST /auth/register")).toBe(1);
  });
  const users: (object | null)[] = [];
  tab.onUser(() => users.push(tab.user));
  const refreshing = tab.refresh();
  registered({ status: 200, body: tokens(7) });
  expect(await refreshing).toBe("access-8");
  await registering;
  expect(users).toEqual([aUser(), aUser()]);
});

it("stays signed out when a refresh is answered after that", async () => {
  vault.tab().write(tokens(1));
  const refreshed = hold(REFRESH);
  const tab = aTab();
  const refreshing = tab.refresh();
  await vi.waitFor(() => {
    expect(server.tries(REFRESH)).toBe(1);
  });
  await tab.signOut();
  refreshed({ status: 200, body: tokens(2) });
  await expect(refreshing).rejects.toBeInstanceOf(SignedOut);
  expect([tab.user, vault.stored]).toEqual([null, null]);
});

it("tells its listeners when another tab signs in as someone else", async () => {
  const tab = aTab();
  await tab.signIn("/auth/guest");
  const heard = vi.fn();
  tab.onUser(heard);
  vault.tab().write({ refresh_token: "refresh-9", user: aUser("usr_2") });
  expect(heard).toHaveBeenCalledOnce();
  expect(tab.user?.user_id).toBe("usr_2");
});

it("tells its listeners of each renewed token", async () => {
  const tab = aTab();
  const heard = vi.fn();
  tab.onRenewed(heard);
  await tab.signIn("/auth/guest");
  await tab.refresh();
  expect(heard).toHaveBeenCalledTimes(2);
});
