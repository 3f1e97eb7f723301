-- Take a ticket for a socket that is open: its session is renewed. Stands behind ticket.lua.
--
-- KEYS   ticket, revoked
-- ARGV   1 = the redeemer's own token, 2 = seconds to remember it, 3 = ms a session may be over
-- Gives  {user, session, session's end in ms} or nil
return take(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3]) or false
