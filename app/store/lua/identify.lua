-- ARGV: sha256 of the key, organization or '', now, requests or 0, window, lockout (times in ms)
local wanted = ARGV[2]
local holder, refusal = admit(ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]))
if refusal then
  return refusal
end
local account = redis.call('HMGET', P .. 'account:' .. holder.account, 'email', 'picture', 'default')
local roles = redis.call('HGETALL', P .. 'account:' .. holder.account .. ':roles')
local chosen = wanted ~= '' and wanted or account[3]
local answer = {'ok', holder.key, holder.account, account[1], account[2], account[3], chosen, field(P .. 'org:' .. chosen, 'balance')}
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
