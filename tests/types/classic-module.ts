// A module beside a classic script: `<script type="module">` after `<script src="websocket-channel.iife.js">`.
/// <reference types="websocket-channel/global" />

export const chat = new WebSocketChannel.Channel<{ say: string }, { said: string }>('ws://localhost/', { codec: 'json' });
export const state = (channel: WebSocketChannel.Channel<string, string>): WebSocketChannel.ChannelState => channel.status.state;
