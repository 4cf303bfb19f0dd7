// node client.cjs MODULE[:EXPORT] URL [PROTOCOLS]: prints on one line what a W3C-like WebSocket class reports.
// "closeme" as a message makes it close with 4001 "x". It stops at the close event, or after 10 s.
const [name, url, protocols] = process.argv.slice(2)
const [library, key = 'WebSocket'] = name.split(':')
const { createRequire } = require('node:module')
let loaded = createRequire(process.cwd() + '/')(library)
if (library === 'happy-dom') loaded = new loaded.Window({ url: 'http://127.0.0.1/' })
const Class = loaded[key]
const seen = []
const end = () => { console.log(seen.join(', ')); process.exit() }
const socket = new Class(url, protocols ? protocols.split(',') : [])
socket.binaryType = 'arraybuffer'
socket.onopen = () => seen.push(`open${socket.protocol ? ` ${socket.protocol}` : ''}`)
socket.onmessage = ({ data }) => {
  const state = socket.readyState === 1 ? '' : ` at readyState ${socket.readyState}`
  seen.push((typeof data === 'string' ? `text '${data}'` : `binary of ${data.byteLength}`) + state)
  if (data === 'closeme') socket.close(4001, 'x')
}
socket.onerror = () => seen.push('error')
socket.onclose = (e) => {
  seen.push(`close ${e.code}${e.reason ? ` ${e.reason}` : ''}${e.wasClean === undefined ? '' : e.wasClean ? ' clean' : ' unclean'}`)
  setTimeout(end, 20)
}
setTimeout(() => { seen.push('nothing for 10 s'); end() }, 10000).unref()
