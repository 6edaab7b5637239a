" Talks to the Kronos port as kronos.vim does, with the sockets of Vim (ch_open) or Neovim (sockconnect), and writes
" what it learnt into $HUB_FOUND, as JSON.

let s:messages = []
let s:rest = ''

function! s:Take(text)
  let s:rest .= a:text
  let l:lines = split(s:rest, "\n", 1)
  let s:rest = remove(l:lines, -1)
  call extend(s:messages, map(filter(l:lines, 'v:val != ""'), 'json_decode(v:val)'))
endfunction

if has('nvim')
  function! s:OnData(channel, lines, name)
    call s:Take(join(a:lines, "\n"))
  endfunction
  let s:channel = sockconnect('tcp', '127.0.0.1:' . $HUB_PORT, {'on_data': function('s:OnData')})
  function! s:SendRaw(text)
    call chansend(s:channel, a:text)
  endfunction
else
  let s:channel = ch_open('127.0.0.1:' . $HUB_PORT, {'mode': 'raw', 'waittime': 2000, 'callback': {ch, text -> s:Take(text)}})
  function! s:SendRaw(text)
    call ch_sendraw(s:channel, a:text)
  endfunction
endif

function! s:Message(fields)
  return json_encode(extend({'user_id': $HUB_USER, 'device_id': 'editor-socket', 'version': localtime() * 1000}, a:fields)) . "\n"
endfunction

" Waits until a message of this type has come, 10 seconds at most.
function! s:Await(type)
  for l:turn in range(1000)
    for l:message in s:messages
      if get(l:message, 'type', '') ==# a:type
        return l:message
      endif
    endfor
    sleep 10m
  endfor
  return {}
endfunction

call s:SendRaw(s:Message({'type': 'login'}))
call s:Await('login')
if $HUB_PART ==# 'write'
  let s:create = s:Message({'type': 'create', 'task': {'id': 1, 'desc': 'from the editor', 'tags': ['vim'], 'active': 0, 'last_active': 0, 'worktime': 0, 'due': 0, 'done': 0}})
  call s:SendRaw(s:create[:40])
  sleep 50m
  call s:SendRaw(s:create[41:] . s:Message({'type': 'create', 'task': {'id': 2, 'desc': 'second', 'tags': [], 'active': 0, 'last_active': 0, 'worktime': 0, 'due': 0, 'done': 0}}))
  call s:SendRaw(s:Message({'type': 'update', 'task_id': 1, 'task': {'id': 1, 'desc': 'from the editor é', 'tags': ['vim'], 'active': 0, 'last_active': 0, 'worktime': 0, 'due': 0, 'done': 0}}))
endif
call s:SendRaw(s:Message({'type': 'read-all'}))
let s:tasks = get(s:Await('read-all'), 'tasks', [])
let s:errors = filter(copy(s:messages), 'get(v:val, "success", 1) != 1 && get(v:val, "success", v:true) isnot v:true')
let s:found = {'descriptions': map(sort(copy(s:tasks), {a, b -> a.id - b.id}), 'v:val.desc'), 'errors': s:errors}
call writefile([json_encode(s:found)], $HUB_FOUND)
qall!
