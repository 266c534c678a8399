-- Stands before every other script. What each key holds:
--
--   understudy:key:<sha256>        hash    id, account, label, hint, created, revoked
--   understudy:keyid:<id>          string  the sha256 of that key
--   understudy:account:<id>        hash    email, picture, created, default (an organization)
--   understudy:account:<id>:roles  hash    organization -> role
--   understudy:account:<id>:keys   set     sha256 of every key
--   understudy:accounts            zset    account by time of creation
--   understudy:emails              hash    e-mail in lower case -> account
--   understudy:org:<id>            hash    name, created, balance, open, spent, granted
--   understudy:orgs                zset    organization by time of creation
--   understudy:charge:<id>         hash    the charge, its state, what is left of it, its owner
--   understudy:open                set     every open charge
--   understudy:owner:<id>          string  heartbeat of a server, goes away by itself
--   understudy:journal:<org>       stream  one entry per charge that ended
--   understudy:day:<n>:<org>:<day> string  what was spent of allowance <n> in a UTC day, goes away by itself
--   understudy:rate:<sha256>       list    times of the last requests, newest first
--   understudy:lockout:<sha256>    string  when requests are taken again
--   understudy:done:<token>        string  a grant that was made, so that a repetition is none
--
-- For every organization balance + open + spent = granted, always.
-- Scripts build key names themselves: one server, not a cluster.

local P = 'understudy:'

-- Lua writes large numbers as 1e+15 and nothing taken away as -0: Redis takes neither for an integer.
local function whole(number)
  return string.format('%.0f', number + 0)
end

local function field(key, name)
  return tonumber(redis.call('HGET', key, name) or '0')
end

local function move(org, name, by)
  return redis.call('HINCRBY', P .. 'org:' .. org, name, whole(by))
end

-- The n-th request is one too many when the one n places before it is still inside the window.
local function refused_until(hash, now, requests, window, lockout)
  local gate, seen = P .. 'lockout:' .. hash, P .. 'rate:' .. hash
  local till = tonumber(redis.call('GET', gate) or '0')
  if now < till then
    return till
  end
  local oldest = redis.call('LINDEX', seen, requests - 1)
  if oldest and now - tonumber(oldest) < window then
    redis.call('SET', gate, whole(now + lockout), 'PX', lockout)
    redis.call('DEL', seen)
    return now + lockout
  end
  redis.call('LPUSH', seen, whole(now))
  redis.call('LTRIM', seen, 0, requests - 1)
  redis.call('PEXPIRE', seen, window)
  return nil
end

-- Who holds a key and may use it now, else why not. Counts the request where requests are counted.
local function admit(hash, now, requests, window, lockout)
  local key = redis.call('HMGET', P .. 'key:' .. hash, 'id', 'account', 'revoked')
  if not key[1] or key[3] ~= '0' then
    return nil, {'unknown_key'}
  end
  local till = requests > 0 and refused_until(hash, now, requests, window, lockout)
  if till then
    return nil, {'rate_limited', till - now}
  end
  return {key = key[1], account = key[2]}, nil
end

-- What goes back of a charge goes back to the allowance of its day, unless that day is long over.
local function return_to_day(key, amount)
  local day = redis.call('HGET', key, 'day')
  if day and day ~= '' and redis.call('EXISTS', day) == 1 then
    redis.call('DECRBY', day, whole(amount))
  end
end

-- Ends an open charge. What is left of it is spent when state is 'settled', else it goes back.
local function close_charge(id, state, reason, now, length, keep)
  local key = P .. 'charge:' .. id
  local c = redis.call('HMGET', key, 'org', 'key', 'amount', 'engine', 'task', 'samples', 'at', 'rest', 'reason')
  local org, rest = c[1], tonumber(c[8])
  local settled = state == 'settled'
  move(org, 'open', -rest)
  move(org, settled and 'spent' or 'balance', rest)
  if not settled then
    return_to_day(key, rest)
  end
  local reasons = c[9]
  if reason ~= '' then
    reasons = reasons == '' and reason or reasons .. ', ' .. reason
  end
  redis.call('HSET', key, 'state', state, 'reason', reasons, 'rest', '0')
  redis.call('EXPIRE', key, keep)
  redis.call('SREM', P .. 'open', id)
  redis.call('XADD', P .. 'journal:' .. org, 'MAXLEN', '~', length, '*',
    'id', id, 'org', org, 'key', c[2], 'amount', c[3], 'engine', c[4], 'task', c[5], 'samples', c[6], 'at', c[7],
    'state', state, 'spent', settled and whole(rest) or '0', 'reason', reasons, 'ended', now)
  return rest
end

local function create_organization(id, name, credits, now)
  redis.call('HSET', P .. 'org:' .. id, 'name', name, 'created', now,
    'balance', credits, 'granted', credits, 'open', '0', 'spent', '0')
  redis.call('ZADD', P .. 'orgs', now, id)
end

local function create_account(id, email, picture, org, role, now)
  redis.call('HSET', P .. 'account:' .. id, 'email', email, 'picture', picture, 'created', now, 'default', org)
  redis.call('HSET', P .. 'account:' .. id .. ':roles', org, role)
  redis.call('HSET', P .. 'emails', string.lower(email), id)
  redis.call('ZADD', P .. 'accounts', now, id)
end

local function create_key(hash, id, account, label, hint, now)
  redis.call('HSET', P .. 'key:' .. hash, 'id', id, 'account', account, 'label', label, 'hint', hint,
    'created', now, 'revoked', '0')
  redis.call('SET', P .. 'keyid:' .. id, hash)
  redis.call('SADD', P .. 'account:' .. account .. ':keys', hash)
end
