// Runs in the pages of `refused.js`: what a refusal says, and that the fallback helps.
import { PlatformError, WebSocket, prepare } from './websocket-channel.js';

const origin = new URLSearchParams(location.search).get('origin').replace(/^http/, 'ws');

const refusal = async (action) => {
  try {
    await action();
    return 'nothing was refused';
  } catch (error) {
    return error instanceof PlatformError ? `${error.code}: ${error.message}` : `${error}`;
  }
};

const echo = () =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`${origin}/echo`);
    socket.onopen = () => socket.send('over the fallback');
    socket.onmessage = ({ data }) => {
      socket.close();
      resolve(data);
    };
    socket.onerror = () => reject(new Error('no connection'));
  });

const told = { constructed: await refusal(() => new WebSocket(`${origin}/echo`)), prepared: await refusal(() => prepare()) };
told.failed = await refusal(() => prepare({ fallback: () => Promise.reject(new Error('not found')) }));
let loads = 0;
const fallback = () => {
  loads += 1;
  return import('./no-wasm.js');
};
await prepare({ fallback });
await prepare({ fallback });
told.echoed = await echo().catch(String);
told.loads = loads;
parent.postMessage(told, '*');
