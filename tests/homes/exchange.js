/**
 * What every home runs: a message there and back through both classes, and both ends.
 * @param {{ Channel: Function, WebSocket: Function }} library the package, however it was loaded
 * @param {string} url of an echo
 * @param {object} [more] options for both classes
 * @returns {Promise<string>} what came back
 */
export async function exchange({ Channel, WebSocket }, url, more) {
  const channel = new Channel(url, { codec: 'json', connectTimeoutMs: 10000, ...more });
  await channel.send({ say: 'hello' });
  let said;
  for await (const message of channel) {
    said = message.say;
    break;
  }
  const { code } = await channel.closed;
  const socket = new WebSocket(url, [], { connectTimeoutMs: 10000, ...more });
  const answer = await new Promise((resolve, reject) => {
    socket.onopen = () => socket.postMessage('of 2009');
    socket.onmessage = ({ data }) => resolve(data);
    socket.onerror = () => reject(new Error('the socket failed'));
  });
  const end = new Promise((resolve) => (socket.onclose = resolve));
  socket.close(4000, 'bye');
  const { code: last, reason, wasClean } = await end;
  return [said, code, answer, last, reason, wasClean].join(' ');
}
