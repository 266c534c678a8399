-- ARGV: an account, or '' for all
local ids = ARGV[1] == '' and redis.call('ZRANGE', P .. 'accounts', 0, -1) or {ARGV[1]}
local answer = {}
for _, id in ipairs(ids) do
  for _, hash in ipairs(redis.call('SMEMBERS', P .. 'account:' .. id .. ':keys')) do
    table.insert(answer, redis.call('HMGET', P .. 'key:' .. hash, 'id', 'account', 'label', 'hint', 'created', 'revoked'))
  end
end
return answer
