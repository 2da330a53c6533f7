import { generate } from 'selfsigned';

export interface Certificate {
  key: string;
  cert: string;
}

/** Creates an in-memory certificate for loopback. The SDK refuses to send a token over plain HTTP. */
export async function loopbackCertificate(): Promise<Certificate> {
  const { private: key, cert } = await generate(
    [{ name: 'commonName', value: 'Runwatch simulated tenant' }],
    {
      keyType: 'ec',
      extensions: [
        { name: 'basicConstraints', cA: true },
        {
          name: 'subjectAltName',
          altNames: [
            { type: 2, value: 'localhost' },
            { type: 7, ip: '127.0.0.1' },
          ],
        },
      ],
    },
  );
  return { key, cert };
}
