// The same from CommonJS, for each entry.
import websocketChannel = require('websocket-channel');
import slim = require('websocket-channel/slim');
import noWasm = require('websocket-channel/no-wasm');
import packed = require('websocket-channel/messagepack');

const channel = new websocketChannel.Channel<string, string>('ws://localhost/', { codec: 'text' });
const sent: Promise<void> = channel.send('hello');
// @ts-expect-error: not what the channel sends
const not: Promise<void> = channel.send(1);

const ready: Promise<void> = slim.init(new Uint8Array(8));
new slim.Channel<string, string>('ws://localhost/', { codec: 'text' });
new noWasm.Channel<string, string>('ws://localhost/', { codec: 'text' });
const core: websocketChannel.Core = noWasm.core;
const codec: websocketChannel.Codec<Date, Date> = packed.messagepack<Date, Date>();
void [sent, not, ready, core, codec];
