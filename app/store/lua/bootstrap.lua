-- ARGV: email, account, picture, organization, its name, credits, sha256 of the key, key id, label, hint, now
local account = redis.call('HGET', P .. 'emails', ARGV[1])
if not account then
  account = ARGV[2]
  create_organization(ARGV[4], ARGV[5], ARGV[6], ARGV[11])
  create_account(account, ARGV[1], ARGV[3], ARGV[4], 'ADMIN', ARGV[11])
end
local key = redis.call('HMGET', P .. 'key:' .. ARGV[7], 'account', 'revoked')
if not key[1] then
  create_key(ARGV[7], ARGV[8], account, ARGV[9], ARGV[10], ARGV[11])
elseif key[2] ~= '0' then
  return {'revoked'}
elseif key[1] ~= account then
  return {'of_another'}
end
return {'ok'}
