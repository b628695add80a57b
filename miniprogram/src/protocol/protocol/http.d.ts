import { Answer, Problem } from "../protocol";

export { Problem };
export function problemOf(answer: Pick<Answer, "status" | "headers">, said: unknown): Problem;
