-- ARGV: account, organization, name of a new organization or '', role, '1' to make it the default, credits, now
local account, org = P .. 'account:' .. ARGV[1], P .. 'org:' .. ARGV[2]
if redis.call('EXISTS', account) == 0 then
  return {'no_account'}
end
if redis.call('EXISTS', org) == 0 then
  if ARGV[3] == '' then
    return {'no_organization'}
  end
  create_organization(ARGV[2], ARGV[3], ARGV[6], ARGV[7])
end
redis.call('HSET', account .. ':roles', ARGV[2], ARGV[4])
if ARGV[5] == '1' then
  redis.call('HSET', account, 'default', ARGV[2])
end
return {'ok'}
