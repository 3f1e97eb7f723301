/** Refresh tokens work once: however many calls and tabs need a new one, each is used once. */

import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { sender } from "../src/api/http";
import { type LockManagerLike, Session, SignedOut } from "../src/api/session";
import { ApiServer } from "./server";
import { aLock, aUser, SharedVault, tokens } from "./session.builders";

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
  lock = aLock();
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
