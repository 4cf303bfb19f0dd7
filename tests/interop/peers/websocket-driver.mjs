// npm `websocket-driver` as the peer of our client: a server of hixie-75, hixie-76 and RFC 6455, which tells which it was spoken to in.
//
//   websocket-driver.mjs PACKAGE server
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';

const driverOf = createRequire(new URL('../../peers/package.json', import.meta.url))(process.argv[2]);

const server = createServer((connection) => {
  // 0.7 knows no such option and speaks the drafts at all times.
  const driver = driverOf.server(process.argv[2].endsWith('0.8') ? { allowDrafts: true } : {});
  connection.pipe(driver.io).pipe(connection);
  connection.on('error', () => {});
  driver.on('connect', () => {
    if (!driverOf.isWebSocket(driver)) return connection.destroy();
    driver.start();
  });
  driver.on('open', () => console.log(driver.version));
  driver.on('message', ({ data }) => driver.text(data));
  driver.on('close', () => connection.end());
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
console.log(`ws://127.0.0.1:${server.address().port}`);
