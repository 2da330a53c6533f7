import { z } from 'zod';
import type { FetchedFile } from './read-answers';

/** A file's text. `exact` is false where bytes were replaced, so that a digest of it would be wrong. */
export function textOf(content: Buffer): { text: string; exact: boolean } {
  const isUtf16 = content[0] === 0xff && content[1] === 0xfe;
  try {
    const text = new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8', { fatal: true }).decode(content);
    return { text: text.replaceAll('\0', '\ufffd'), exact: !text.includes('\0') };
  } catch {
    return { text: content.toString('utf8').replaceAll('\0', '\ufffd'), exact: false };
  }
}

/** Standard output, then errors, as text; null if there are none. */
export function outputText({ content, first }: FetchedFile, isStatusFile: boolean): string | null {
  const parts = isStatusFile ? statusParts(content) : [content.subarray(0, first), content.subarray(first)];
  const texts = parts.map((part) => (typeof part === 'string' ? part : textOf(part).text).trim());
  return texts.filter(Boolean).join('\n') || null;
}

/** The status file of an extension. Source: Azure/azure-vmextension-publishing, "Handler design details". */
const statusFile = z
  .array(
    z.object({
      status: z.object({
        substatus: z
          .array(z.object({ name: z.string(), formattedMessage: z.object({ message: z.string() }) }))
          .optional(),
      }),
    }),
  )
  .min(1);

function statusParts(content: Buffer): string[] {
  try {
    const [found] = statusFile.parse(JSON.parse(textOf(content).text));
    const said = (name: string) =>
      found?.status.substatus?.find((one) => one.name === name)?.formattedMessage.message ?? '';
    return [said('StdOut'), said('StdErr')];
  } catch {
    return [];
  }
}
