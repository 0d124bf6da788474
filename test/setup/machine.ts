/** What programs that tests start get of this machine's variables: where programs are, and what Node has compiled before. */
export const machine: Record<string, string> = Object.fromEntries(
  ['PATH', 'NODE_COMPILE_CACHE'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  }),
);
