/**
 * One signed-in user's chat: what ties the API, the socket and the state together.
 *
 * The components call it and read its store. Made by `App` per user, so that nothing of one user
 * is ever in the state of another.
 */

import { type PageSize, type ProsaApi } from "../api/prosa";
import { type Accepted, type MessagePage } from "../api/schemas";
import { type Session } from "../api/session";
import { isBeforeOrElsewhere } from "../log/cursor";
import { hasGap, isEnded } from "../log/replies";
import { type LogState, type Pending } from "../log/state";
import { LogStore } from "../log/store";
import { EventStream } from "../socket/eventStream";
import { type ConnectionState, LogSocket } from "../socket/logSocket";
import { BranchChoices } from "./branchChoices";
import { OlderPages } from "./olderPages";
import { Outbox } from "./outbox";
import { followPageLife } from "./pageLife";
import { Receipts } from "./receipts";

export interface ChatOptions {
  readonly api: ProsaApi;
  readonly session: Session;
  readonly userId: string;
  readonly onAccepted: (pending: Pending, accepted: Accepted) => void;
}

export class Chat {
  readonly store = new LogStore();
  readonly outbox: Outbox;
  readonly branches: BranchChoices;
  /** Also for what leaves nothing in the state: search, export. */
  readonly api: ProsaApi;
  readonly #session: Session;
  readonly #socket: LogSocket;
  readonly #receipts = new Receipts(() => {
    this.#socket.acknowledge();
  });
  readonly #connectionListeners = new Set<() => void>();
  #connection: ConnectionState = { name: "connecting" };
  readonly #reading = new Map<string, Promise<MessagePage>>();
  readonly #older: OlderPages;
  #open: string | null = null;
  /** Conversations in which something was sent before the socket had its place in the log. */
  readonly #unheard = new Set<string>();
  #stopListening: readonly (() => void)[] = [];

  constructor({ api, session, userId, onAccepted }: ChatOptions) {
    this.api = api;
    this.#session = session;
    this.#older = new OlderPages(api, this.store);
    this.branches = new BranchChoices(this.store, this.#older);
    this.outbox = new Outbox({
      api,
      store: this.store,
      userId,
      onAccepted,
      stretch: () => this.#socket.stretch,
      onUnheard: (conversationId) => void this.#makeUpFor(conversationId),
    });
    this.#socket = new LogSocket({
      getTicket: async (afterRefresh) => {
        if (afterRefresh) await session.refresh();
        return api.ticket();
      },
      open: (url) => new WebSocket(url),
      openStream: (url) => new EventStream(url),
      pageUrl: location.href,
      onEvent: (event) => {
        this.store.dispatch(event);
        this.#receipts.take(event);
      },
      onResync: () => void this.#resync(),
      onFresh: () => void this.#catchUp(),
      onState: (state) => {
        this.#connection = state;
        for (const listener of this.#connectionListeners) listener();
      },
    });
  }

  readonly connection = (): ConnectionState => this.#connection;

  readonly onConnection = (listener: () => void): (() => void) => {
    this.#connectionListeners.add(listener);
    return () => {
      this.#connectionListeners.delete(listener);
    };
  };

  /** Begin with a conversation open, or with none. */
  async start(conversationId: string | null): Promise<void> {
    this.#listen();
    this.outbox.resume();
    this.#open = conversationId;
    // The snapshot's place in the log lies before its running replies: the replay brings them.
    const page = conversationId === null ? null : await this.#readThread(conversationId).catch(() => null);
    this.#socket.start(page?.log_cursor ?? null);
    await this.loadConversations().catch(() => undefined);
  }

  stop(): void {
    for (const stop of this.#stopListening) stop();
    this.outbox.stop();
    this.#receipts.stop();
    this.#socket.stop();
  }

  /** Show a conversation. Once read, the log keeps it current. Throws CallFailed. */
  async open(conversationId: string | null): Promise<void> {
    this.#open = conversationId;
    if (conversationId === null) return;
    this.branches.recall(conversationId);
    if (!this.#isLoaded(conversationId)) await this.#follow(conversationId);
    await this.branches.reach(conversationId);
  }

  /** Read a conversation, and go back in the log for running replies that were not followed. */
  async #follow(conversationId: string): Promise<void> {
    const before = this.store.state();
    const { log_cursor, running } = await this.#readThread(conversationId);
    if (log_cursor === null) return;
    const here = this.#socket.cursor;
    const isFollowed = running.every((job) => follows(before, job.job_id));
    if (here === null || (!isFollowed && isBeforeOrElsewhere(log_cursor, here))) {
      this.#socket.rewind(log_cursor);
    }
  }

  /** Read the page before what is here; `many` for a long way back. Throws CallFailed. */
  loadOlderMessages(conversationId: string, size: PageSize = "some"): Promise<void> {
    return this.#older.read(conversationId, size);
  }

  /** Read the newest page of the list again. */
  async loadConversations(): Promise<void> {
    const page = await this.api.conversations(null);
    this.store.dispatch({ type: "snapshot.list", page, isFirst: true });
  }

  async loadOlderConversations(): Promise<void> {
    const { cursor } = this.store.state().olderConversations;
    if (cursor === null) return;
    const page = await this.api.conversations(cursor);
    this.store.dispatch({ type: "snapshot.list", page, isFirst: false });
  }

  async rename(conversationId: string, title: string): Promise<void> {
    const conversation = await this.api.rename(conversationId, title);
    this.store.dispatch({ type: "local.renamed", conversation });
  }

  async remove(conversationId: string): Promise<void> {
    await this.api.remove(conversationId);
    this.store.dispatch({ type: "conversation.deleted", conversation_id: conversationId });
  }

  /** Ask for the reply to end. It ends when the log says so. */
  async stopReply(jobId: string): Promise<void> {
    this.store.dispatch({ type: "local.stopping", job_id: jobId, isStopping: true });
    try {
      await this.api.cancelJob(jobId);
    } catch {
      this.store.dispatch({ type: "local.stopping", job_id: jobId, isStopping: false });
    }
  }

  readonly reconnect = (): void => {
    this.#socket.reconnect();
  };

  #listen(): void {
    const pageLife = {
      onLook: () => {
        this.#socket.wake();
        this.#receipts.settle();
      },
      onOnline: this.#socket.wake,
      onOffline: this.#socket.sleep,
    };
    const onRenewed = () => void this.#socket.renew();
    this.#stopListening = [followPageLife(pageLife), this.#session.onRenewed(onRenewed)];
  }

  /** Events after our place are gone: what is shown is read again, and the log from there on. */
  async #resync(): Promise<void> {
    this.store.dispatch({ type: "log.lost" });
    const page = this.#open && (await this.#readThread(this.#open).catch(() => null));
    this.#socket.rewind(page ? page.log_cursor : null);
    if (page) await this.#readMissed();
  }

  /**
   * The socket begins with what happens from now on: read what happened before. The open thread too,
   * also when it is here: what was sent before the socket was open may have its reply by now.
   */
  async #catchUp(): Promise<void> {
    if (this.#open !== null) this.#unheard.add(this.#open);
    await this.#readMissed();
  }

  async #readMissed(): Promise<void> {
    const threads = [...this.#unheard].map((id) => this.#makeUpFor(id));
    await Promise.allSettled([this.loadConversations(), ...threads]);
  }

  /** Read what may have been told while nobody listened; not before someone listens. */
  async #makeUpFor(conversationId: string): Promise<void> {
    this.#unheard.add(conversationId);
    if (this.#socket.stretch === null) return;
    try {
      await this.#follow(conversationId);
      this.#unheard.delete(conversationId);
    } catch {
      // The next beginning tries again.
    }
  }

  /** Read the newest page; callers that come while it is read share it. */
  #readThread(conversationId: string): Promise<MessagePage> {
    const known = this.#reading.get(conversationId);
    if (known !== undefined) return known;
    const reading = this.#fetchThread(conversationId).finally(() => {
      this.#reading.delete(conversationId);
    });
    this.#reading.set(conversationId, reading);
    return reading;
  }

  async #fetchThread(conversation_id: string): Promise<MessagePage> {
    const page = await this.api.messages(conversation_id, null);
    this.store.dispatch({ type: "snapshot.thread", conversation_id, page, isNewest: true });
    return page;
  }

  #isLoaded(conversationId: string): boolean {
    return this.store.state().threads.get(conversationId)?.isLoaded === true;
  }
}

/** The socket has seen this reply from its first letter. */
function follows(state: LogState, jobId: string): boolean {
  const reply = state.replies.get(jobId);
  if (reply === undefined) return false;
  return isEnded(reply) || (reply.attempt > 0 && !hasGap(reply) && !reply.isStale);
}
