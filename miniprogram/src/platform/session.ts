// The session's token, kept encrypted; and whether somebody has signed out, whom WeChat then does not sign in again unasked.

import { Session } from "../protocol/protocol";
import * as vault from "./vault";

const TOKEN = "session";
const OUT = "signed-out";

export function createSessions() {
  let token: string | null = null;
  let out = false;

  return {
    async load(): Promise<void> {
      const kept = await vault.read<{ token: string; expires_at: string }>(TOKEN);
      token = kept && Date.parse(kept.expires_at) > Date.now() ? kept.token : null;
      out = Boolean(await vault.read<boolean>(OUT));
    },
    token: () => token,
    signedOut: () => out,
    opened({ token: given, expires_at }: Session): void {
      token = given;
      out = false;
      vault.write(TOKEN, { token, expires_at });
      vault.remove(OUT);
    },
    ended(): void {
      token = null;
      out = true;
      vault.remove(TOKEN);
      vault.write(OUT, true);
    },
  };
}
