// Runs in Node, Deno and Bun: a sender whose timers come late, so that the line runs empty before it looks. It says what it asked for, and ends.

const COUNT = 32;
const MIB = new Uint8Array(1 << 20);
/** Long enough for a MiB to go. */
const LATE_MS = 100;

let turns = 0;
let open = 0;
const { setTimeout: timeout, MessageChannel: Ports } = globalThis;
globalThis.setTimeout = (call, millis) => timeout(call, millis === 4 ? LATE_MS : millis);
globalThis.MessageChannel = function MessageChannel() {
  const ports = new Ports();
  turns += 1;
  open += 1;
  ports.port1.close = () => {
    open -= 1;
    Object.getPrototypeOf(ports.port1).close.call(ports.port1);
  };
  return ports;
};

const { Channel } = await import('websocket-channel');
const channel = new Channel(process.argv.at(-1), { codec: 'bytes' });
for (let message = 0; message < COUNT; message += 1) await channel.send(MIB);
await channel.close();
console.log(JSON.stringify({ turned: turns > 0, open }));
