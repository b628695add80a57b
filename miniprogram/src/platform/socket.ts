// wx.connectSocket behind the signature of a browser's WebSocket, as far as the protocol needs it.

const LOST = 1006; // what a browser says of a line that broke
const [CONNECTING, OPEN, CLOSED] = [0, 1, 3];

export class Socket {
  readyState = CONNECTING;
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: unknown }) => void) | null = null;
  onclose: ((end: { code: number }) => void) | null = null;
  private readonly task: WechatMiniprogram.SocketTask;

  constructor(url: string, protocols: string[]) {
    const task = wx.connectSocket({ url, protocols, fail: () => this.end(LOST) });
    this.task = task;
    task.onOpen(() => {
      if (this.readyState !== CONNECTING) return;
      this.readyState = OPEN;
      this.onopen?.();
    });
    task.onMessage(({ data }) => this.readyState === OPEN && this.onmessage?.({ data }));
    task.onError(() => this.end(LOST));
    task.onClose(({ code }) => this.end(code || LOST));
  }

  send(data: string): void {
    this.task.send({ data, fail: () => this.end(LOST) });
  }

  close(code = 1000): void {
    // The platform takes 1000 alone, and answers late or never where the line is dead.
    this.task.close({ code: 1000, fail: () => {} });
    this.end(code);
  }

  private end(code: number): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.onclose?.({ code });
  }
}
