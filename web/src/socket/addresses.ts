/**
 * Where connections are opened. Of a ticket's address only the path counts: whatever serves the page
 * passes `/ws` and `/api/events` on, under each name it has, and the page's policy lets it connect to
 * nowhere else.
 */

import { type Ticket } from "../api/schemas";

export function socketAddress({ ticket, url }: Ticket, pageUrl: string, cursor: string | null): string {
  const address = new URL(new URL(url ?? "/ws", pageUrl).pathname, pageUrl);
  address.protocol = address.protocol.replace(/^http/, "ws");
  return withQuery(address, ticket, cursor);
}

export function streamAddress({ ticket }: Ticket, pageUrl: string, cursor: string | null): string {
  return withQuery(new URL("/api/events", pageUrl), ticket, cursor);
}

function withQuery(address: URL, ticket: string, cursor: string | null): string {
  address.searchParams.set("ticket", ticket);
  if (cursor !== null) address.searchParams.set("after", cursor);
  return address.href;
}
