-- Counts a batch of requests, each all or nothing. Redis runs it as one step, so whoever asks sees every other's count whole.
--
-- KEYS[1] is the holders' last signs of life; KEYS[2..] are those of the accounts, in their order.
-- ARGV[1], msgpack: [holder, latest, lease_ms, accounts, requests].
--   latest: by this clock in ms, 0 for any time. Whoever asked has given up after it, so that nothing may be counted for them.
--   account: [kind, most, ends_ms, floor, mine, added, late, wanted]; wanted is how much more its holder would take ahead.
--     sliding: late are pairs of a second and what is added to it; mine is not used. `added` counts in the present second.
--     fixed: added since the last call, leases given back included.
--     money: added is settled; mine is all that the holder has reserved.
--     parallel: mine is all that the holder has under way.
--   request: [account, amount, account, amount, ...], accounts counted from 0.
-- Returns msgpack: [now_ms, fresh, alive, accounts, outcomes]; of each account [used, leased, mark], of each request 0 or
-- [place of the claim that does not fit, used, ms until it may]. A mark is the second counted in, or what is settled.
-- A call that came too late returns [now_ms].

local SLIDING, FIXED, MONEY, PARALLEL = 1, 2, 3, 4
local RING = 61
local GRACE_MS, IDLE_MS = 3600000, 86400000

local holder, latest, lease_ms, accounts, requests = unpack(cmsgpack.unpack(ARGV[1]))
local time = redis.call('TIME')
local second = tonumber(time[1])
local now = second * 1000 + math.floor(tonumber(time[2]) / 1000)
if latest > 0 and now > latest then
  return cmsgpack.pack({now})
end

local fresh = redis.call('ZADD', KEYS[1], now, holder)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. (now - lease_ms))
local alive, living = 0, {}
for _, name in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  alive, living[name] = alive + 1, true
end

local function field(name) return 'r' .. name end

-- A ring of seconds: fields 0 to 60, the last second counted in (s) and the sum of all (t).
local function open_ring(account, key, late)
  local stored = redis.call('HMGET', key, 's', 't')
  local last, total = tonumber(stored[1]) or second, tonumber(stored[2]) or 0
  if math.abs(second - last) >= RING then
    redis.call('DEL', key)
    last, total = second, 0
  elseif second > last then
    local gone = {}
    for passed = last + 1, second do gone[#gone + 1] = passed % RING end
    for _, count in ipairs(redis.call('HMGET', key, unpack(gone))) do total = total - (tonumber(count) or 0) end
    redis.call('HDEL', key, unpack(gone))
    last = second
  end
  account.mark, account.used = last, total
  for place = 1, #late, 2 do
    local at, by = math.min(late[place], last), late[place + 1]
    if last - at < RING then
      local count = redis.call('HINCRBY', key, at % RING, by)
      if count < 0 then
        redis.call('HSET', key, at % RING, 0)
        by = by - count
      end
      account.used = account.used + by
    end
  end
end

-- Until so much has left the ring, whose oldest second goes first.
local function ring_wait(account, amount)
  if account.wait and account.wait[1] == amount then return account.wait[2] end
  local counts, stored = {}, redis.call('HGETALL', account.key)
  for place = 1, #stored, 2 do counts[stored[place]] = tonumber(stored[place + 1]) end
  counts[tostring(account.mark % RING)] = (counts[tostring(account.mark % RING)] or 0) + account.taken
  local left = account.used
  for age = RING - 1, 0, -1 do
    left = left - (counts[tostring((account.mark - age) % RING)] or 0)
    if left + amount <= account.most then
      account.wait = {amount, (RING - age) * 1000 - now % 1000}
      return account.wait[2]
    end
  end
  return RING * 1000
end

-- What each holder has, those that are gone apart. Places of the dead are free; their money stays until the ledger tells of it.
local function open_held(account, key, floor, mine, added)
  local stored, settled, held, dead = redis.call('HGETALL', key), 0, 0, {}
  for place = 1, #stored, 2 do
    local name, amount = stored[place], tonumber(stored[place + 1])
    if name == 's' then
      settled = amount
    elseif name ~= field(holder) then
      if living[string.sub(name, 2)] then
        held = held + amount
      else
        dead[#dead + 1] = {name, amount}
      end
    end
  end
  settled = settled + added  -- of which the floor may tell already
  local told = math.max(0, floor - settled)
  for _, each in ipairs(dead) do
    local less = account.kind == PARALLEL and each[2] or math.min(told, each[2])
    told = told - less
    if less == each[2] then
      redis.call('HDEL', key, each[1])
    else
      if less > 0 then redis.call('HSET', key, each[1], each[2] - less) end
      held = held + each[2] - less
    end
  end
  account.mark = math.max(settled, floor)
  account.mine = mine
  account.used = account.mark + held + mine
end

for place, given in ipairs(accounts) do
  local kind, most, ends, floor, mine, added, late, wanted = unpack(given)
  local account = {key = KEYS[place + 1], kind = kind, most = most, ends = ends, wanted = wanted, taken = 0, leased = 0}
  if kind == SLIDING then
    open_ring(account, account.key, late)
    account.taken, account.used = added, account.used + added
  elseif kind == FIXED then
    account.mark = 0
    account.used = math.max(0, floor, (tonumber(redis.call('GET', account.key)) or 0) + added)
  else
    open_held(account, account.key, floor, mine, added)
  end
  accounts[place] = account
end

local function refused(request)
  for place = 1, #request, 2 do
    local account, amount = accounts[request[place] + 1], request[place + 1]
    local full = account.used + amount > account.most
    if account.kind == MONEY then full = account.used >= account.most end
    if full then
      account.wanted = 0
      local wait = math.max(1000, account.ends - now)
      if account.kind == SLIDING then wait = ring_wait(account, amount) end
      return {(place - 1) / 2, account.used, wait}
    end
  end
end

local function take(account, amount)
  account.taken, account.used, account.wait = account.taken + amount, account.used + amount, nil
end

local outcomes = {}
for place, request in ipairs(requests) do
  local outcome = refused(request)
  if not outcome then
    for at = 1, #request, 2 do take(accounts[request[at] + 1], request[at + 1]) end
  end
  outcomes[place] = outcome or 0
end

local function expire(account)
  if account.ends > 0 then
    redis.call('PEXPIREAT', account.key, account.ends + GRACE_MS)
  elseif account.kind == SLIDING then
    redis.call('PEXPIRE', account.key, (RING + 1) * 1000)
  elseif account.kind == PARALLEL then
    redis.call('PEXPIRE', account.key, IDLE_MS)
  end
end

for place, account in ipairs(accounts) do
  if account.wanted > 0 then
    account.leased = math.max(0, math.min(account.wanted, math.floor((account.most - account.used) / (2 * alive))))
    take(account, account.leased)
  end
  if account.kind == SLIDING then
    if account.taken > 0 then redis.call('HINCRBY', account.key, account.mark % RING, account.taken) end
    redis.call('HSET', account.key, 's', account.mark, 't', account.used)
  elseif account.kind == FIXED then
    redis.call('SET', account.key, account.used)
  else
    if account.kind == MONEY then redis.call('HSET', account.key, 's', account.mark) end
    local mine = account.mine + account.taken
    if mine > 0 then
      redis.call('HSET', account.key, field(holder), mine)
    else
      redis.call('HDEL', account.key, field(holder))
    end
  end
  expire(account)
  accounts[place] = {account.used, account.leased, account.mark}
end

return cmsgpack.pack({now, fresh, alive, accounts, outcomes})
