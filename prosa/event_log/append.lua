-- Append events to their users' logs: fence, number, store, and wake the gateways that hold the
-- users, each with one message for all of its events (prosa/event_log/pokes.py reads it).
--
-- KEYS   per event: log, head, connections, fence
-- ARGV   1 = seconds a log lives after its newest event, 2 = events it keeps (about),
--        3 = seconds a fence lives, 4 = epoch for a log that is begun here,
--        5 = what the channel of a node is called before its name
--        then per event: user, payload, step (plain | start | delta | final), attempt
-- Gives  per event: {seq, epoch, cancelled, node, node, ...}
--        seq > 0 is the event's number; -1 = the reply is final already, -2 = a later attempt owns it
--        the nodes are those that were woken
--
-- The clock is Redis' own: the clocks of workers and gateways need not agree.
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local log_ttl, log_length, fence_ttl, new_epoch = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local channel = ARGV[5]

-- Why the event must not be appended; else nil, and whether its reply was cancelled (1 or 0).
local function check(fence, step, attempt)
  if step == 'plain' then return nil, 0 end
  local held = redis.call('HMGET', fence, 'attempt', 'final', 'cancelled')
  -- Nobody claims a job that has its end, unless an operator redrove it after a stored failure:
  -- so a later attempt than the one that ended it begins the reply again.
  local ended_by = tonumber(held[2] or '')
  if ended_by and attempt <= ended_by then return -1 end
  if ended_by then redis.call('HDEL', fence, 'final') end
  local seen = tonumber(held[1] or '0')
  if attempt < seen then return -2 end
  if attempt > seen then
    redis.call('HSET', fence, 'attempt', attempt)
    redis.call('EXPIRE', fence, fence_ttl)
  end
  return nil, held[3] and 1 or 0
end

local function next_number(log, head)
  local epoch = redis.call('HGET', head, 'epoch')
  if epoch then return redis.call('HINCRBY', head, 'seq', 1), epoch, false end
  redis.call('HSET', head, 'epoch', new_epoch, 'seq', 1)
  redis.call('DEL', log) -- what is left of an earlier life would refuse lower numbers
  return 1, new_epoch, true
end

local function remember(fence, step, seq, attempt, epoch)
  if step == 'start' then redis.call('HSET', fence, 'started', seq) end
  if step == 'final' then redis.call('HSET', fence, 'final', attempt, 'ended', epoch .. ':' .. seq) end
  if step ~= 'plain' then redis.call('EXPIRE', fence, fence_ttl) end
end

-- A key's nodes are looked up once per call: many events of a tick are of one user.
local nodes_of = {}
local function nodes(connections)
  if nodes_of[connections] then return nodes_of[connections] end
  local found, seen = {}, {}
  local entries = redis.call('HGETALL', connections)
  for i = 1, #entries, 2 do
    local lease_end, node = string.match(entries[i + 1], '^(%d+):(.+)$')
    if tonumber(lease_end) <= now_ms then
      redis.call('HDEL', connections, entries[i]) -- its gateway died without a word
    elseif not seen[node] then
      seen[node] = true
      found[#found + 1] = node
    end
  end
  nodes_of[connections] = found
  return found
end

-- Lines of a message by node. Published in here, pokes come in the order of their numbers whoever
-- writes, and the writer waits for one round trip instead of two.
local lines_for = {}
local function line_for(node, line)
  local lines = lines_for[node] or {}
  lines[#lines + 1] = line
  lines_for[node] = lines
end

local function append(log, head, connections, fence, user, payload, step, attempt)
  local refusal, cancelled = check(fence, step, attempt)
  if refusal then return { refusal, '', 0 } end
  local seq, epoch, is_new = next_number(log, head)
  redis.call('XADD', log, 'MAXLEN', '~', log_length, seq .. '-0', 'e', payload)
  -- A delta prolongs nothing: its reply's start just did, and its end will.
  if step ~= 'delta' or is_new then
    redis.call('EXPIRE', log, log_ttl)
    redis.call('EXPIRE', head, log_ttl)
    remember(fence, step, seq, attempt, epoch)
  end
  local result = { seq, epoch, cancelled }
  local line = user .. ' ' .. epoch .. ':' .. seq .. ' ' .. payload
  for _, node in ipairs(nodes(connections)) do
    result[#result + 1] = node
    line_for(node, line)
  end
  return result
end

local results = {}
for i = 1, #KEYS / 4 do
  local k, a = (i - 1) * 4, 5 + (i - 1) * 4
  results[i] = append(KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], KEYS[k + 4],
    ARGV[a + 1], ARGV[a + 2], ARGV[a + 3], tonumber(ARGV[a + 4]))
end
for node, lines in pairs(lines_for) do
  redis.call('PUBLISH', channel .. node, table.concat(lines, '\n'))
end
return results
