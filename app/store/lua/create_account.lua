-- ARGV: account, email, picture, organization, name of a new organization or '', role, credits, now,
--       sha256 of the key, key id, label, hint
local owner = redis.call('HGET', P .. 'emails', string.lower(ARGV[2]))
if owner == ARGV[1] then
  return {'ok'}
end
if owner then
  return {'email_taken'}
end
if ARGV[5] ~= '' then
  create_organization(ARGV[4], ARGV[5], ARGV[7], ARGV[8])
elseif redis.call('EXISTS', P .. 'org:' .. ARGV[4]) == 0 then
  return {'no_organization'}
end
create_account(ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[6], ARGV[8])
create_key(ARGV[9], ARGV[10], ARGV[1], ARGV[11], ARGV[12], ARGV[8])
return {'ok'}
