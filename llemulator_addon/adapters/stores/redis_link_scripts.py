"""The programs in Lua for leases, messages and notices.

Keys: when the life of each process ends (`processes`), and until when it listens (`listeners`), both sorted sets by
milliseconds; the names of its leases (`held:`, a set); each lease (`lease:`, a hash); the names of the leases of a
thing in their order (`queue:`, a sorted set), and the things that have some (`things:`, a set); the messages for a
process (`to:`) and the notices (`news`), which are streams; how many bytes were sent to a process (`sent:`; each of its
messages has this number from before it, so that of the first and the last says how many wait); the number of the last
notice (`told`), and the last attempt of a process to tell some (`told_by:`).
"""

from llemulator_addon.adapters.stores.backend import MESSAGES_KEPT, MESSAGES_SIZE, NOTICES_KEPT
from llemulator_addon.adapters.stores.redis_scripts import BEGIN, COUNT_LISTENERS, LuaProgram

_MINUTE = 60_000

_LEASES = (
    BEGIN
    + COUNT_LISTENERS
    + f"""
local function send(process, message)
    local to, sent = p .. 'to:' .. process, p .. 'sent:' .. process
    local before = tonumber(call('GET', sent) or '0')
    local oldest = call('XRANGE', to, '-', '+', 'COUNT', 1)[1]
    local waits = oldest and before - tonumber(oldest[2][4] or before) or 0
    if waits + #message > {MESSAGES_SIZE} or call('XLEN', to) >= {MESSAGES_KEPT} then return 0 end
    call('XADD', to, '*', 'm', message, 's', string.format('%d', before))
    call('INCRBY', sent, #message)
    call('PEXPIRE', to, {_MINUTE})
    call('PEXPIRE', sent, {_MINUTE})
    return 1
end

local function let_go(name)
    local process, kind, of = unpack(call('HMGET', p .. 'lease:' .. name, 'process', 'kind', 'of'))
    if not process then return end
    local queue = p .. 'queue:' .. kind .. ':' .. of
    local was_first = call('ZRANGE', queue, 0, 0)[1] == name
    call('ZREM', queue, name)
    call('DEL', p .. 'lease:' .. name)
    call('SREM', p .. 'held:' .. process, name)
    local next_one = call('ZRANGE', queue, 0, 0)[1]
    if not next_one then
        call('SREM', p .. 'things:' .. kind, of)
    elseif was_first and kind == 'turn' then
        send(call('HGET', p .. 'lease:' .. next_one, 'process'), 'first ' .. next_one)
    end
end

local function leave(process)
    for _, name in ipairs(call('SMEMBERS', p .. 'held:' .. process)) do let_go(name) end
    call('ZREM', p .. 'processes', process)
    call('ZREM', p .. 'listeners', process)
    call('DEL', p .. 'to:' .. process, p .. 'sent:' .. process)
end

local function end_dead()
    for _, process in ipairs(call('ZRANGEBYSCORE', p .. 'processes', '-inf', '(' .. now())) do leave(process) end
    call('ZREMRANGEBYSCORE', p .. 'listeners', '-inf', '(' .. now())
end

local function live(process, milliseconds)
    call('ZADD', p .. 'processes', string.format('%d', now() + milliseconds), process)
end
"""
)

_RENEW = """
local process, milliseconds, listens = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local was = tonumber(call('ZSCORE', p .. 'processes', process) or '0') >= now()
live(process, milliseconds)
end_dead()
if listens == '1' then
    call('ZADD', p .. 'listeners', string.format('%d', now() + milliseconds), process)
else
    call('ZREM', p .. 'listeners', process)
end
return {was and 1 or 0, count_listeners(), tonumber(call('GET', p .. 'told') or '0')}
"""
_HOLD = """
local process, milliseconds, name, kind, of, label, text =
    ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
live(process, milliseconds)
end_dead()
local queue = p .. 'queue:' .. kind .. ':' .. of
if call('EXISTS', p .. 'lease:' .. name) == 0 then
    local number = call('INCR', p .. 'counted')
    call('HSET', p .. 'lease:' .. name, 'process', process, 'kind', kind, 'of', of, 'label', label, 'text', text,
        'number', number)
    call('SADD', p .. 'held:' .. process, name)
    call('ZADD', queue, number, name)
    call('SADD', p .. 'things:' .. kind, of)
end
return call('ZRANGE', queue, 0, 0)[1] == name and 1 or 0
"""
_LET_GO = """
end_dead()
for _, name in ipairs(ARGV) do let_go(name) end
"""
_LIST = """
end_dead()
local kind, is_of_one, of = ARGV[1], ARGV[2], ARGV[3]
local found = {}
for _, thing in ipairs(is_of_one == '1' and {of} or call('SMEMBERS', p .. 'things:' .. kind)) do
    for _, name in ipairs(call('ZRANGE', p .. 'queue:' .. kind .. ':' .. thing, 0, -1)) do
        local process, number, label = unpack(call('HMGET', p .. 'lease:' .. name, 'process', 'number', 'label'))
        local text = is_of_one == '1' and call('HGET', p .. 'lease:' .. name, 'text') or ''
        for _, each in ipairs({name, number, process, thing, label, text}) do found[#found + 1] = each end
    end
end
return found
"""
_SEND = "return send(ARGV[1], ARGV[2])"
_TELL = f"""
local process, attempt = ARGV[1], ARGV[2]
if call('GET', p .. 'told_by:' .. process) == attempt then return end
call('SET', p .. 'told_by:' .. process, attempt, 'PX', {_MINUTE})
for number = 3, #ARGV do
    call('XADD', p .. 'news', 'MAXLEN', {NOTICES_KEPT}, call('INCR', p .. 'told') .. '-0', 'p', process, 'm',
        ARGV[number])
end
call('PEXPIRE', p .. 'news', {_MINUTE})
"""
_COUNT = "return count_listeners()"
_LEAVE = "leave(ARGV[1])"

RENEW, HOLD, LET_GO, LIST, SEND, TELL, COUNT, LEAVE = (
    LuaProgram(_LEASES + program) for program in (_RENEW, _HOLD, _LET_GO, _LIST, _SEND, _TELL, _COUNT, _LEAVE)
)
