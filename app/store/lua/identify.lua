-- ARGV: sha256 of the key, organization or '', now, requests or 0, window, lockout (times in ms)
local hash, wanted, now = ARGV[1], ARGV[2], tonumber(ARGV[3])
local requests, window, lockout = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

-- The n-th request is one too many when the one n places before it is still inside the window.
local function refused_until()
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
  redis.call('LPUSH', seen, ARGV[3])
  redis.call('LTRIM', seen, 0, requests - 1)
  redis.call('PEXPIRE', seen, window)
  return nil
end

local key = redis.call('HMGET', P .. 'key:' .. hash, 'id', 'account', 'revoked')
if not key[1] or key[3] ~= '0' then
  return {'unknown_key'}
end
local till = requests > 0 and refused_until()
if till then
  return {'rate_limited', till - now}
end
local account = redis.call('HMGET', P .. 'account:' .. key[2], 'email', 'picture', 'default')
local roles = redis.call('HGETALL', P .. 'account:' .. key[2] .. ':roles')
local chosen = wanted ~= '' and wanted or account[3]
local answer = {'ok', key[1], key[2], account[1], account[2], account[3], chosen, field(P .. 'org:' .. chosen, 'balance')}
local member = false
for i = 1, #roles, 2 do
  member = member or roles[i] == chosen
  table.insert(answer, roles[i])
  table.insert(answer, redis.call('HGET', P .. 'org:' .. roles[i], 'name'))
  table.insert(answer, roles[i + 1])
end
if not member then
  return {'not_a_member'}
end
return answer
