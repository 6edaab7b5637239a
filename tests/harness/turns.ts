// Counts the turns of the event loop that others get while something long runs.

export async function turnsDuring<T>(running: Promise<T>): Promise<{ readonly turns: number; readonly result: T }> {
  let [turns, isOver] = [0, false];
  const count = (): void => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  try {
    return { result: await running, turns };
  } finally {
    isOver = true;
  }
}
