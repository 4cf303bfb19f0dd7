// Runs in `hidden.html`: what a sender waits for once another tab lies before this one. That one reads the outcome from `localStorage`.

import { Channel } from './websocket-channel.js';

const parameters = new URLSearchParams(location.search);
const MIB = new Uint8Array(1 << 20);
/** What is sent, in messages of the high-water mark's size: each but the first waits for room. */
const COUNT = 64;

/** A timer of 4 ms that takes so long was slowed down. */
const SLOW_MS = 500;

/** What the package asks the browser for. */
const asked = { timers: 0, turns: 0, ports: 0 };
/** How many turns there had been at each timer. */
const turnsAt = [];
const { setTimeout: timeout, MessageChannel: Ports } = globalThis;
globalThis.setTimeout = (call, millis) =>
  timeout(() => {
    asked.timers += 1;
    turnsAt.push(asked.turns);
    call();
  }, millis);
globalThis.MessageChannel = function MessageChannel() {
  const ports = new Ports();
  asked.ports += 1;
  const { close } = ports.port1;
  const { postMessage } = ports.port2;
  ports.port2.postMessage = (message) => {
    asked.turns += 1;
    postMessage.call(ports.port2, message);
  };
  ports.port1.close = () => {
    asked.ports -= 1;
    close.call(ports.port1);
  };
  return ports;
};

/** Milliseconds that a timer of 4 takes, one after the other. */
async function pace(timers) {
  const began = performance.now();
  for (let timer = 0; timer < timers; timer += 1) await new Promise((resolve) => timeout(resolve, 4));
  return (performance.now() - began) / timers;
}

async function during(work) {
  const before = { ...asked };
  const began = performance.now();
  await work();
  const seconds = (performance.now() - began) / 1000;
  return { seconds, timers: asked.timers - before.timers, turns: asked.turns - before.turns, ports: asked.ports };
}

/** To a peer that takes everything. */
async function send(count) {
  const channel = new Channel(`${parameters.get('origin')}/sink`, { codec: 'bytes', connectTimeoutMs: 0 });
  await channel.opened;
  const sent = await during(async () => {
    for (let message = 0; message < count; message += 1) await channel.send(MIB);
  });
  await channel.close();
  return { mib: count, ...sent };
}

/** To a peer that takes nothing, for some timers after the line stands still. */
async function stall(timers) {
  const channel = new Channel(`${parameters.get('origin')}/slow?rate=1`, { codec: 'bytes', connectTimeoutMs: 0, closeTimeoutMs: 1 });
  await channel.opened;
  const stalled = await during(async () => {
    let last = turnsAt.length;
    (async () => {
      for (;;) {
        await channel.send(MIB);
        last = turnsAt.length;
      }
    })().catch(() => {});
    // None of them in a message's own time.
    while (turnsAt.length < last + timers) await new Promise((resolve) => timeout(resolve, 4));
  });
  await channel.close();
  return { ...stalled, turnsAtLast: turnsAt.slice(-2) };
}

const outcome = {};
try {
  outcome.visible = { pace: await pace(20), sending: await send(COUNT) };
  const hiding = new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }));
  window.isReady = true;
  await hiding;
  // A browser may take its time before it slows timers down.
  while ((await pace(1)) < SLOW_MS);
  outcome.before = document.visibilityState;
  outcome.hidden = { pace: await pace(8), sending: await send(COUNT), stalled: await stall(5) };
  outcome.after = document.visibilityState;
} catch (error) {
  outcome.error = error.stack;
}
localStorage.outcome = JSON.stringify(outcome);
