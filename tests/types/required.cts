// The same from CommonJS.
import websocketChannel = require('websocket-channel');

const channel = new websocketChannel.Channel<string, string>('ws://localhost/', { codec: 'text' });
export const sent: Promise<void> = channel.send('hello');
// @ts-expect-error: not what the channel sends
export const not: Promise<void> = channel.send(1);
