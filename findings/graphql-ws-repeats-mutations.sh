#!/usr/bin/env bash
# A client of graphql-ws sends a mutation; the server executes it, and the connection is lost before the result arrives.
# Expected: the caller learns that the outcome is unknown (a query may be repeated, a mutation not). Seen: with the default options the client
# reconnects and sends the mutation again, the server executes it twice, and the caller sees one success.
. "$(dirname "$0")/lib.sh"
npm_install graphql-ws@6.4.2 graphql@16.15.0 ws@8.23.0
cat >run.mjs <<'JS'
import { once } from 'node:events';
import WebSocket, { WebSocketServer } from 'ws';
import { buildSchema } from 'graphql';
import { createClient } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
let paid = 0;
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
const pay = () => {
  paid += 1;
  if (paid === 1) for (const socket of server.clients) socket.terminate();
  return paid;
};
useServer({ schema: buildSchema('type Query { x: Int } type Mutation { pay: Int }'), roots: { mutation: { pay } } }, server);
await once(server, 'listening');
const client = createClient({ url: `ws://127.0.0.1:${server.address().port}/`, webSocketImpl: WebSocket });
const result = await new Promise((next, error) => client.subscribe({ query: 'mutation { pay }' }, { next, error, complete() {} }));
console.log(`the caller got ${JSON.stringify(result)}; the server executed the mutation ${paid} times`);
process.exit();
JS
timeout 30 node run.mjs >seen
check seen 'the caller got {"data":{"pay":2}}; the server executed the mutation 2 times'
