// Written by the build, out of words/.
export const STRINGS: Record<string, Record<string, string>>;
