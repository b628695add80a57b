// wx.request behind the signature of `fetch`, as far as the protocol needs it.

import { Answer, Signal } from "../protocol/protocol";
import { answerOf } from "./answers";

const LONGEST = 60_000; // the protocol ends a call itself, long before

interface Options {
  method: string;
  headers: Record<string, string>;
  body?: string;
  signal: Signal;
}

export function fetch(url: string, { method, headers, body, signal }: Options): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Error("aborted"));
    // It knows no PATCH: the server takes a POST that says what it means.
    const patching = method === "PATCH";
    const task = wx.request({
      url,
      method: (patching ? "POST" : method) as "GET",
      header: patching ? { ...headers, "X-HTTP-Method-Override": "PATCH" } : headers,
      data: body,
      dataType: "text" as "json", // read by us: a portal's page is no answer, and must be told apart
      responseType: "text",
      timeout: LONGEST,
      redirect: "manual",
      success: ({ statusCode, header, data }) => resolve(answerOf(statusCode, header, data)),
      fail: ({ errMsg }) => reject(new Error(errMsg)),
      complete: () => signal.removeEventListener("abort", stop),
    });
    function stop() {
      task?.abort();
      reject(new Error("aborted"));
    }
    signal.addEventListener("abort", stop);
  });
}
