-- ARGV: an account or an e-mail address; or '', the place of the first account wanted, and how many
local ids = {}
if ARGV[1] == '' then
  ids = redis.call('ZRANGE', P .. 'accounts', ARGV[2], ARGV[2] + ARGV[3] - 1)
else
  local id = redis.call('HGET', P .. 'emails', string.lower(ARGV[1])) or ARGV[1]
  if redis.call('EXISTS', P .. 'account:' .. id) == 1 then
    ids = {id}
  end
end
local answer = {}
for _, id in ipairs(ids) do
  local a = redis.call('HMGET', P .. 'account:' .. id, 'email', 'picture', 'default')
  local row = {id, a[1], a[2], a[3]}
  local roles = redis.call('HGETALL', P .. 'account:' .. id .. ':roles')
  for i = 1, #roles, 2 do
    table.insert(row, roles[i])
    table.insert(row, redis.call('HGET', P .. 'org:' .. roles[i], 'name'))
    table.insert(row, roles[i + 1])
  end
  table.insert(answer, row)
end
return answer
