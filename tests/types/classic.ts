// A classic script, which has no imports: the page loaded `websocket-channel.iife.js` before.
/// <reference types="websocket-channel/global" />

const socket: WebSocket = new WebSocketChannel.WebSocket('ws://localhost/');
const chat = new WebSocketChannel.Channel<{ say: string }, { said: string }>('ws://localhost/', { codec: 'json' });
// @ts-expect-error: not what the channel sends
chat.trySend({ shout: 'hello' });
const described = (channel: WebSocketChannel.Channel<string, string>): WebSocketChannel.ChannelState => channel.status.state;
const isOurs = (error: unknown): boolean => error instanceof WebSocketChannel.ChannelError;
// @ts-expect-error: no such member
WebSocketChannel.Socket;
