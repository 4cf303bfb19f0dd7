// Run in each runtime: numbers over a session whose connections are cut. Prints how it went.
const [dist, numbers, control, plan] = (globalThis.Deno?.args ?? process.argv.slice(2)).map(String);
const { Channel } = await import(dist);
const { exchange } = await import(numbers);
const command = async (words) => {
  const response = await fetch(`${control}/${words}`);
  if (!response.ok) throw new Error(await response.text());
  return response.json();
};
const { count, resumed, counts } = await exchange(Channel, command, JSON.parse(plan));
// It ends by itself: nothing is left open that a runtime would wait for.
console.log(JSON.stringify({ count, resumed, steered: counts.steered, line: counts.line }));
