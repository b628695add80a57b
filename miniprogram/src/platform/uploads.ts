// Files whole, in one form (wx.uploadFile): the platform sends no pieces of a file. What breaks off begins again; the server
// knows a file by its `client_id`, so that it is there once, however often it came.

import { Item, Problem, Report, Uploads, UploadsEnv } from "../protocol/protocol";
import { problemOf } from "../protocol/protocol/http";
import { answerOf } from "./answers";

const SILENT = 120_000; // ms that an upload may take
const STEP = 0.05; // of the file: no oftener is it written down how far it is

export function createUploads({ http, turns, base, language }: UploadsEnv): Uploads {
  const send: Uploads["send"] = async (item, file, report, signal, keep) => {
    const end = await turns.take(() => item.size ?? 0);
    try {
      if (signal.aborted) throw new Problem({ status: 400, code: "removed" });
      // Noted before it goes: from here on the server may have it.
      await keep({ begun: true });
      const media = await whole();
      await keep({ sent: item.size, url: `${base}/reports/${report}/media/${media.id}` });
    } finally {
      end();
    }

    function whole(): Promise<{ id: string }> {
      return new Promise((resolve, reject) => {
        const task = wx.uploadFile({
          url: `${base}/reports/${report}/media/form`,
          filePath: file.path,
          name: "file",
          formData: { client_id: item.key, filename: item.filename, filetype: (item as Item & { filetype: string }).filetype },
          header: { "Accept-Language": language, ...http.authorization() },
          timeout: SILENT,
          success: ({ statusCode, data, header }: WechatMiniprogram.UploadFileSuccessCallbackResult & { header?: object }) => {
            const answer = answerOf(statusCode, header as Record<string, unknown>, data);
            const said = parse(data) as { id?: string } | null;
            if (answer.ok && said?.id) resolve({ id: said.id });
            else reject(answer.ok ? new Problem() : problemOf(answer, said));
          },
          fail: () => reject(signal.aborted ? new Problem({ status: 400, code: "removed" }) : new Problem()),
          complete: () => signal.removeEventListener("abort", stop),
        });
        let told = 0;
        task.onProgressUpdate(({ progress }) => {
          if (progress / 100 - told < STEP) return;
          told = progress / 100;
          // All of it is there when the server says so, and not before.
          keep({ sent: Math.min(Math.floor(told * (item.size ?? 0)), (item.size ?? 1) - 1) });
        });
        function stop() {
          task.abort();
          reject(new Problem({ status: 400, code: "removed" }));
        }
        signal.addEventListener("abort", stop);
      });
    }
  };

  /** Where the server has it, if it has it: what is to be taken back after an answer that was lost. */
  const create: Uploads["create"] = async (item, report) => {
    const { said } = await http.call("GET", `/reports/${report}`);
    const found = (said as Report).media.find(({ client_id }) => client_id === item.key);
    if (!found) throw new Problem({ status: 404, code: "upload_unknown" });
    return { url: `${base}/reports/${report}/media/${found.id}`, offset: found.length };
  };

  const remove: Uploads["remove"] = (url) =>
    http.call("DELETE", url.slice(url.indexOf("/reports/")), { headers: { "Tus-Resumable": "1.0.0" } });

  return { send, create, remove, ask: async () => null, pace: () => null };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
