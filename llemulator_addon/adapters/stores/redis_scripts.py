"""The programs in Lua that Redis and Valkey run: each is one transaction.

`KEYS[1]` begins all keys. Of a session there are: a hash (`s`), its rows (`r`, a hash by kind and place), in which
version each row was written (`v`, a sorted set), and which rows are gone (`g`, a set), the last three by its life.
"""

from hashlib import sha1

BEGIN = """
local p = KEYS[1]
local call = redis.call
local form = call('GET', p .. 'form')
if not form then
    call('SET', p .. 'form', '$FORM')
elseif form ~= '$FORM' then
    return redis.error_reply('OTHERFORM ' .. form)
end

local function each_of(list, work)
    -- Redis takes a bounded number of arguments from Lua.
    for first = 1, #list, 1000 do
        work(unpack(list, first, math.min(first + 999, #list)))
    end
end

local function forget_rows(life)
    call('DEL', p .. 'r:' .. life, p .. 'v:' .. life, p .. 'g:' .. life)
end

local function let_go_script(digest)
    if call('HINCRBY', p .. 'refs', digest, -1) <= 0 then
        call('HDEL', p .. 'refs', digest)
        call('HDEL', p .. 'scripts', digest)
    end
end

local function add_sums(session, journal, stored)
    call('HINCRBY', p .. 'sums', 'sessions', string.format('%d', session))
    call('HINCRBY', p .. 'sums', 'journals', string.format('%d', journal))
    call('HINCRBY', p .. 'sums', 'stored', string.format('%d', stored))
end

local function forget_marks(key, marks)
    for mark in string.gmatch(marks, '[^ ]+') do
        call('ZREM', p .. 'mark:' .. mark, key)
    end
end

local function forget(key)
    local s = p .. 's:' .. key
    local life, digest, marks, session, journal, stored = unpack(
        call('HMGET', s, 'life', 'script', 'marks', 'sessions', 'journals', 'stored'))
    if not life then return end
    forget_rows(life)
    let_go_script(digest)
    forget_marks(key, marks)
    add_sums(-session, -journal, -stored)
    call('DEL', s)
    call('ZREM', p .. 'used', key)
    call('ZREM', p .. 'at', key)
end
"""

COUNT_LISTENERS = """
local function now()
    local time = call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function count_listeners()
    return call('ZCOUNT', p .. 'listeners', now(), '+inf')
end
"""

_FIND = """
local function find(key, life_known, version_known)
    local life, version, head = unpack(call('HMGET', p .. 's:' .. key, 'life', 'version', 'head'))
    if not life then return {} end
    local found = {life, version, head}
    if life ~= life_known then
        found[4] = '0'
        local rows = call('HGETALL', p .. 'r:' .. life)
        for number = 1, #rows do found[4 + number] = rows[number] end
        return found
    end
    found[4] = version_known
    if version ~= version_known then
        local fields = call('ZRANGEBYSCORE', p .. 'v:' .. life, '(' .. version_known, '+inf')
        for first = 1, #fields, 1000 do
            local last = math.min(first + 999, #fields)
            local texts = call('HMGET', p .. 'r:' .. life, unpack(fields, first, last))
            for number = first, last do
                found[#found + 1] = fields[number]
                found[#found + 1] = texts[number - first + 1] or ''
            end
        end
    end
    return found
end
"""

_LOAD = (
    BEGIN
    + _FIND
    + """
local key, life_known, version_known, cutoff = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if cutoff ~= '' then
    local at = call('ZSCORE', p .. 'at', key)
    if at and tonumber(at) < tonumber(cutoff) then return {} end
end
return find(key, life_known, version_known)
"""
)

_SAVE = (
    BEGIN
    + COUNT_LISTENERS
    + _FIND
    + """
local key, head, script = ARGV[1], ARGV[3], ARGV[4]
local fields, limits, wiped, dropped, unless = unpack(cjson.decode(ARGV[2]))
local life_before, version_before, life, version, attempt, digest, session, journal, stored, stays, own, is_use, prunes,
    now, cutoff, marks = unpack(fields)

if cutoff ~= '' then
    for _, other in ipairs(call('ZRANGEBYSCORE', p .. 'at', '-inf', '(' .. cutoff, 'LIMIT', 0, 10)) do
        forget(other)
    end
    local at = call('ZSCORE', p .. 'at', key)
    if at and tonumber(at) < tonumber(cutoff) then forget(key) end
end

local s = p .. 's:' .. key
local was = call('HMGET', s, 'life', 'version', 'script', 'marks', 'sessions', 'journals', 'stored', 'attempt')
if was[8] == attempt then return {'1', count_listeners()} end
if (was[1] or '') ~= life_before or (was[2] or '') ~= version_before then
    local found = find(key, life_before, version_before)
    table.insert(found, 1, '0')
    return found
end

local met = {}
for number = 1, #unless, 2 do
    local mark, other = unless[number], unless[number + 1]
    if call('ZSCORE', p .. 'mark:' .. mark, other) then
        local at = cutoff ~= '' and call('ZSCORE', p .. 'at', other)
        if at and tonumber(at) < tonumber(cutoff) then forget(other) else met[#met + 1] = (number - 1) / 2 end
    end
end
if #met > 0 then
    table.insert(met, 1, '2')
    return met
end

local r, v, g = p .. 'r:' .. life, p .. 'v:' .. life, p .. 'g:' .. life
if was[1] and was[1] ~= life then forget_rows(was[1]) end
if was[3] ~= digest then
    call('HINCRBY', p .. 'refs', digest, 1)
    if was[3] then let_go_script(was[3]) end
end
if script ~= '' then call('HSET', p .. 'scripts', digest, script) end

for _, kind in ipairs(wiped) do
    local fields, start = {}, kind .. ':'
    for _, field in ipairs(call('HKEYS', r)) do
        if string.sub(field, 1, #start) == start then fields[#fields + 1] = field end
    end
    each_of(fields, function(...) call('HDEL', r, ...); call('ZREM', v, ...); call('SREM', g, ...) end)
end
each_of(dropped, function(...) call('HDEL', r, ...); call('ZREM', v, ...) end)
for number = 5, #ARGV, 2 do
    local field, text = ARGV[number], ARGV[number + 1]
    if text == '' then
        call('HDEL', r, field)
        call('SADD', g, field)
    else
        call('HSET', r, field, text)
        call('SREM', g, field)
    end
    call('ZADD', v, version, field)
end
if prunes == '1' then
    each_of(call('SMEMBERS', g), function(...) call('ZREM', v, ...) end)
    call('DEL', g)
end

for mark in string.gmatch(was[4] or '', '[^ ]+') do
    if not string.find(' ' .. marks .. ' ', ' ' .. mark .. ' ', 1, true) then
        call('ZREM', p .. 'mark:' .. mark, key)
    end
end
for mark in string.gmatch(marks, '[^ ]+') do
    call('ZADD', p .. 'mark:' .. mark, 'NX', call('INCR', p .. 'counted'), key)
end

add_sums(session - (was[5] or 0), journal - (was[6] or 0), stored - (was[7] or 0))
call('HSET', s, 'life', life, 'version', version, 'head', head, 'script', digest, 'sessions', session,
    'journals', journal, 'stored', stored, 'stays', stays, 'own', own, 'marks', marks, 'attempt', attempt)
if is_use == '1' or not was[1] then call('ZADD', p .. 'used', call('INCR', p .. 'counted'), key) end
if stays == '0' then call('ZADD', p .. 'at', now, key) end

local over = {'1', count_listeners()}
for number, kind in ipairs({'sessions', 'journals', 'stored'}) do
    local excess = tonumber(call('HGET', p .. 'sums', kind)) - tonumber(limits[number])
    if excess > 0 then
        for _, is_own in ipairs(kind == 'sessions' and {'0', '1'} or {''}) do
            for _, other in ipairs(call('ZRANGE', p .. 'used', 0, -1)) do
                if excess <= 0 then break end
                local size, other_stays, other_own = unpack(
                    call('HMGET', p .. 's:' .. other, kind, 'stays', 'own'))
                local gives = kind ~= 'sessions' or (other_stays == '0' and other_own == is_own)
                if gives and other ~= key and tonumber(size) > 0 then
                    over[#over + 1] = kind
                    over[#over + 1] = other
                    excess = excess - tonumber(size)
                end
            end
        end
    end
end
return over
"""
)

_FORGET = BEGIN + "forget(ARGV[1])"
_RESERVE = BEGIN + "return call('INCRBY', p .. 'lives', ARGV[1]) - ARGV[1] + 1"

_MEASURE = (
    BEGIN
    + """
local sums = call('HMGET', p .. 'sums', 'sessions', 'journals', 'stored')
-- Of all that may be dropped, and only of those, there is the time of their last change.
return {call('ZCARD', p .. 'at'), sums[1] or 0, sums[2] or 0, sums[3] or 0}
"""
)

FORM = 2
"""Of the keys and their values. A database of another form is refused."""


class LuaProgram:
    """A program, and the digest by which Redis knows it."""

    def __init__(self, text: str) -> None:
        """Take its text, in which `$FORM` stands for the form."""
        self.text = text.replace("$FORM", str(FORM))
        self.digest = sha1(self.text.encode(), usedforsecurity=False).hexdigest()


LOAD, SAVE, FORGET = LuaProgram(_LOAD), LuaProgram(_SAVE), LuaProgram(_FORGET)
RESERVE, MEASURE = LuaProgram(_RESERVE), LuaProgram(_MEASURE)
